#include "server/api/retention.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/list_query.h"
#include "server/api/select.h"
#include "server/api/sensors.h"
#include "server/ingest/stored.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

struct Page {
  std::map<std::int64_t, Json> sensors;  // by id
  bool more = false;
  bool partial = false;
};

Json NoKind() {
  return {{"entries", 0},
          {"bytes", 0},
          {"oldest", nullptr},
          {"complete_since", nullptr},
          {"removed", nullptr}};
}

Json Sensor(std::string_view name) {
  Json sensor = {{"sensor", base::EscapeBytes(name)}};
  for (const DataKind kind : kDataKinds) sensor[std::string(ToString(kind))] = NoKind();
  return sensor;
}

// The place of a row's kind in the answer; nullptr for what is not asked for or not known here.
Json* Find(Page* page, const SqlRow& row) {
  const auto sensor = page->sensors.find(row.Int(0));
  if (sensor == page->sensors.end() || !sensor->second.contains(row.Text(1))) return nullptr;
  return &sensor->second[std::string(row.Text(1))];
}

base::Result<SelectEnd> AddStored(const ApiContext& context, Page* page) {
  const std::int64_t first = page->sensors.begin()->first;
  const std::int64_t last = page->sensors.rbegin()->first;
  return Select(context.catalog,
                {"SELECT o.sensor_id, o.kind, SUM(o.entries), SUM(o.bytes), MIN(o.hour) FROM "
                 "stored o WHERE o.sensor_id >= ? AND o.sensor_id <= ? AND o.entries > 0 GROUP BY "
                 "o.sensor_id, o.kind",
                 {first, last}},
                [page](const SqlRow& row) {
                  if (Json* const kind = Find(page, row)) {
                    (*kind)["entries"] = row.Int(2);
                    (*kind)["bytes"] = row.Int(3);
                    (*kind)["oldest"] = base::FormatTime(row.Int(4) * base::kNanosPerHour);
                  }
                  return true;
                });
}

base::Result<SelectEnd> AddRemoved(const ApiContext& context, Page* page) {
  const std::int64_t first = page->sensors.begin()->first;
  const std::int64_t last = page->sensors.rbegin()->first;
  return Select(context.catalog,
                {"SELECT r.sensor_id, r.kind, r.since_ns, r.entries, r.bytes, r.removed_ns, "
                 "r.reason FROM retained r WHERE r.sensor_id >= ? AND r.sensor_id <= ?",
                 {first, last}},
                [page](const SqlRow& row) {
                  if (Json* const kind = Find(page, row)) {
                    (*kind)["complete_since"] = base::FormatTime(row.Int(2));
                    (*kind)["removed"] = {{"entries", row.Int(3)},
                                          {"bytes", row.Int(4)},
                                          {"last", base::FormatTime(row.Int(5))},
                                          {"reason", row.Text(6)}};
                  }
                  return true;
                });
}

base::Result<Page> ReadPage(const ApiContext& context, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, "sensor limit after"));
  TAPIARY_ASSIGN(const std::int64_t limit,
                 ParseCount(request, "limit", 1, kMaxPageRows, kDefaultPageRows));
  TAPIARY_ASSIGN(const std::int64_t after, ParseCount(request, "after", 1, INT64_MAX, 0));
  SqlCondition select{"SELECT s.id, s.name FROM sensors s WHERE s.id > ?", {after}};
  if (const auto sensor = request.query.find("sensor"); sensor != request.query.end()) {
    TAPIARY_ASSIGN(const std::string name, base::UnescapeBytes(sensor->second));
    TAPIARY_TRY(CheckSensor(context.catalog, name));
    Append(&select, SqlCondition{" AND s.name = ?", {name}});
  }
  Append(&select, SqlCondition{" ORDER BY s.id LIMIT ?", {limit + 1}});
  Page page;
  TAPIARY_TRY(Select(context.catalog, select, [&](const SqlRow& row) {
    page.more = static_cast<std::int64_t>(page.sensors.size()) == limit;
    if (!page.more) page.sensors.emplace(row.Int(0), Sensor(row.Text(1)));
    return !page.more;
  }));
  if (page.sensors.empty()) return page;
  TAPIARY_ASSIGN(const SelectEnd stored, AddStored(context, &page));
  TAPIARY_ASSIGN(const SelectEnd removed, AddRemoved(context, &page));
  page.partial = stored == SelectEnd::kTimeLimit || removed == SelectEnd::kTimeLimit;
  return page;
}

}  // namespace

Response HandleRetention(const ApiContext& context, const Request& request) {
  auto page = ReadPage(context, request);
  if (!page) return ProblemFor(page.error());
  Json items = Json::array();
  Json next;
  if (page->more) next = std::to_string(page->sensors.rbegin()->first);
  for (auto& [id, sensor] : page->sensors) items.push_back(std::move(sensor));
  const Json answer = {
      {"items", std::move(items)}, {"next", std::move(next)}, {"partial", page->partial}};
  return JsonResponse(200, answer.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace tapiary::server
