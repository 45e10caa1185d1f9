#include "server/api/completeness.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/clock.h"
#include "base/text.h"
#include "capture/json_writer.h"
#include "server/api/list_query.h"
#include "server/catalog/catalog.h"
#include "server/evidence/collector_key.h"
#include "server/evidence/completeness.h"
#include "server/evidence/signed_text.h"
#include "server/evidence/statement.h"
#include "server/ingest/hour_rows.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kMaxStatements = 200;  // a page
constexpr std::int64_t kMaxWindowNs = 366 * base::kNanosPerDay;

struct Sensor {
  std::int64_t id = 0;
  std::string name;
};

// Of whom and from when on the page tells.
struct Place {
  std::int64_t sensor_id = 0;
  std::int64_t hour_ns = 0;
};

struct Asked {
  std::vector<Sensor> sensors;  // by id
  TimeWindow window;
  std::int64_t limit = 0;
  std::optional<Place> after;
};

base::Error Invalid(const char* what) {
  return base::MakeError(base::ErrorCode::kInvalid, what);
}

bool ReadNumber(std::string_view text, std::int64_t* number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), *number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

base::Result<std::optional<Place>> ReadPlace(const Request& request) {
  const auto found = request.query.find("after");
  if (found == request.query.end()) return std::optional<Place>();
  const std::string_view text = found->second;
  const std::size_t dot = text.find('.');
  Place place;
  if (dot == text.npos || !ReadNumber(text.substr(0, dot), &place.sensor_id) ||
      !ReadNumber(text.substr(dot + 1), &place.hour_ns) ||
      place.hour_ns % base::kNanosPerHour != 0) {
    return Invalid("after: not a cursor of this list");
  }
  return std::optional<Place>(place);
}

base::Result<std::vector<Sensor>> Sensors(const Catalog& catalog, const Request& request) {
  std::vector<Sensor> sensors;
  const auto take = [&sensors](const SqlRow& row) {
    sensors.push_back({row.Int(0), std::string(row.Text(1))});
    return true;
  };
  const auto name = request.query.find("sensor");
  if (name == request.query.end()) {
    TAPIARY_TRY(catalog.Query("SELECT id, name FROM sensors ORDER BY id", {}, take));
    return sensors;
  }
  TAPIARY_ASSIGN(const std::string plain, base::UnescapeBytes(name->second));
  const SqlValue values[] = {plain};
  TAPIARY_TRY(catalog.Query("SELECT id, name FROM sensors WHERE name = ?", values, take));
  if (sensors.empty()) {
    return base::MakeError(base::ErrorCode::kNotFound, "there is no sensor of this name");
  }
  return sensors;
}

base::Result<Asked> Read(const Catalog& catalog, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, "sensor from to last limit after"));
  Asked asked;
  const std::int64_t now_ns = base::WallNow();
  TAPIARY_ASSIGN(asked.window, ParseWindow(request, now_ns));
  TAPIARY_ASSIGN(asked.limit, ParseCount(request, "limit", 1, kMaxStatements, 100));
  TAPIARY_ASSIGN(asked.after, ReadPlace(request));
  TAPIARY_ASSIGN(asked.sensors, Sensors(catalog, request));
  // Hours that a part of the window is in, up to the one that runs.
  asked.window.from_ns = HourOf(asked.window.from_ns);
  asked.window.to_ns = std::min(asked.window.to_ns, now_ns);
  if (asked.window.from_ns < asked.window.to_ns - kMaxWindowNs) {
    return Invalid("from: at most a year before to");
  }
  return asked;
}

struct Page {
  std::string items;
  std::int64_t count = 0;
  std::optional<Place> next;
};

std::string ItemOf(const ApiContext& context, const Sensor& sensor, const HourAccount& account,
                   std::int64_t now_ns) {
  std::string statement = StatementJson(sensor.name, account, now_ns);
  const std::string jws =
      context.key == nullptr ? "null" : "\"" + SignedText(*context.key, statement) + "\"";
  statement.back() = ',';
  return statement + "\"jws\":" + jws + "}";
}

base::Result<> AddSensor(const ApiContext& context, const Asked& asked, const Sensor& sensor,
                         Page* page) {
  // An hour that is unknown up to now is unknown up to when the statement is made.
  const std::int64_t now_ns = base::WallNow();
  CompletenessQuery query{sensor.id, asked.window.from_ns, asked.window.to_ns, now_ns};
  if (asked.after && asked.after->sensor_id == sensor.id) query.from_ns = asked.after->hour_ns;
  const std::int64_t room = (asked.limit - page->count) * base::kNanosPerHour;
  if (query.to_ns - query.from_ns > room) {
    query.to_ns = query.from_ns + room;
    page->next = Place{sensor.id, query.to_ns};
  }
  TAPIARY_ASSIGN(const auto accounts, Accounts(context.catalog, query));
  for (const HourAccount& account : accounts) {
    if (page->count++ > 0) page->items += ",\n";
    page->items += ItemOf(context, sensor, account, now_ns);
  }
  return {};
}

base::Result<Page> ReadPage(const ApiContext& context, const Asked& asked) {
  Page page;
  for (const Sensor& sensor : asked.sensors) {
    if (asked.after && sensor.id < asked.after->sensor_id) continue;
    if (page.next) break;
    if (page.count >= asked.limit) {
      page.next = Place{sensor.id, asked.window.from_ns};
      break;
    }
    TAPIARY_TRY(AddSensor(context, asked, sensor, &page));
  }
  return page;
}

base::Result<std::string> Completeness(const ApiContext& context, const Request& request) {
  TAPIARY_ASSIGN(const Asked asked, Read(context.catalog, request));
  TAPIARY_ASSIGN(const Page page, ReadPage(context, asked));
  std::string tail;
  capture::JsonWriter json(tail);
  json.BeginObject();
  json.TextOrNull("next",
                  page.next ? fmt::format("{}.{}", page.next->sensor_id, page.next->hour_ns) : "");
  json.EndObject();
  return "{\"items\":[" + page.items + "]," + tail.substr(1);
}

Response Finished(base::Result<std::string> json) {
  if (json) return JsonResponse(200, std::move(*json));
  if (json.error().code == base::ErrorCode::kTimeout) {
    return ProblemFor(base::MakeError(base::ErrorCode::kUnavailable, "it took too long"));
  }
  return ProblemFor(json.error());
}

base::Result<std::string> Keys(const ApiContext& context) {
  TAPIARY_ASSIGN(const auto keys, CollectorKeys(context.catalog));
  std::string json;
  for (const CollectorKey& key : keys) json += (json.empty() ? "" : ",") + KeyJson(key.key);
  return "{\"keys\":[" + json + "]}";
}

}  // namespace

Response HandleCompleteness(const ApiContext& context, const Request& request) {
  return Finished(Completeness(context, request));
}

Response HandleKeys(const ApiContext& context, const Request&) {
  return Finished(Keys(context));
}

}  // namespace tapiary::server
