#include "server/api/quarantine.h"

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/list_query.h"
#include "server/api/select.h"
#include "server/api/sensors.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

struct Page {
  Json items = Json::array();
  std::int64_t last_id = 0;
  bool more = false;
  bool partial = false;
};

Json Item(const SqlRow& row) {
  return {
      {"id", row.Int(0)},
      {"received", base::FormatTime(row.Int(1))},
      {"sensor", base::EscapeBytes(row.Text(2))},
      {"index", row.Int(3)},
      {"reason", row.Text(4)},
      {"bytes", row.Int(5)},
      {"raw", row.Text(6)},
  };
}

base::Result<Page> ReadPage(const ApiContext& context, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, "sensor limit after"));
  TAPIARY_ASSIGN(const std::int64_t limit,
                 ParseCount(request, "limit", 1, kMaxPageRows, kDefaultPageRows));
  TAPIARY_ASSIGN(const std::int64_t after, ParseCount(request, "after", 1, INT64_MAX, INT64_MAX));
  SqlCondition select{
      "SELECT r.id, r.received_ns, s.name, r.place, r.reason, r.bytes, r.raw "
      "FROM event_rejects r JOIN sensors s ON s.id = r.sensor_id WHERE r.id < ?",
      {after}};
  if (const auto sensor = request.query.find("sensor"); sensor != request.query.end()) {
    TAPIARY_ASSIGN(const std::string name, base::UnescapeBytes(sensor->second));
    TAPIARY_TRY(CheckSensor(context.catalog, name));
    Append(&select, SqlCondition{" AND s.name = ?", {name}});
  }
  Append(&select, SqlCondition{" ORDER BY r.id DESC LIMIT ?", {limit + 1}});
  Page page;
  const auto take = [&](const SqlRow& row) {
    page.more = static_cast<std::int64_t>(page.items.size()) == limit;
    if (page.more) return false;
    page.last_id = row.Int(0);
    page.items.push_back(Item(row));
    return true;
  };
  TAPIARY_ASSIGN(const SelectEnd end, Select(context.catalog, select, take));
  page.partial = end == SelectEnd::kTimeLimit;
  return page;
}

}  // namespace

Response HandleQuarantined(const ApiContext& context, const Request& request) {
  auto page = ReadPage(context, request);
  if (!page) return ProblemFor(page.error());
  const bool goes_on = !page->items.empty() && (page->more || page->partial);
  const Json answer = {{"items", std::move(page->items)},
                       {"next", goes_on ? Json(std::to_string(page->last_id)) : Json()},
                       {"partial", page->partial}};
  return JsonResponse(200, answer.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace tapiary::server
