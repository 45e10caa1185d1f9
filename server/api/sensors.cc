#include "server/api/sensors.h"

#include <map>
#include <nlohmann/json.hpp>
#include <span>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/event_view.h"
#include "server/api/select.h"
#include "server/evidence/keys.h"
#include "server/retention/disk.h"

namespace tapiary::server {
namespace {

constexpr int kGapsShown = 100;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json ParsedObject(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json();
}

// What all the sensor's interfaces and epochs together account for.
struct Totals {
  std::int64_t offered = 0, recorded = 0, filtered = 0, lost = 0;
  std::map<std::string, std::int64_t> lost_by_reason;
  std::int64_t segments = 0, packets_stored = 0, bytes_stored = 0;
  std::int64_t gaps = 0;
  Json last_gap;
  Json clocks = Json::object();  // of honeypots, by service
  Json evidence = {{"state", "unsigned"}};
};
using TotalsBySensor = std::map<std::int64_t, Totals>;

void AddReasons(std::string_view record, std::map<std::string, std::int64_t>* reasons) {
  const Json json = ParsedObject(record);
  if (!json.contains("lost") || !json["lost"].is_object()) return;
  for (const auto& [reason, packets] : json["lost"].items()) {
    if (packets.is_number_integer()) (*reasons)[reason] += packets.get<std::int64_t>();
  }
}

base::Result<> AddLedger(const Catalog& catalog, TotalsBySensor* totals) {
  return catalog.Query("SELECT sensor_id, offered, recorded, filtered, lost, record FROM ledger",
                       {}, [totals](const SqlRow& row) {
                         Totals& sum = (*totals)[row.Int(0)];
                         sum.offered += row.Int(1);
                         sum.recorded += row.Int(2);
                         sum.filtered += row.Int(3);
                         sum.lost += row.Int(4);
                         if (row.Int(4) != 0) AddReasons(row.Text(5), &sum.lost_by_reason);
                         return true;
                       });
}

base::Result<> AddStored(const Catalog& catalog, TotalsBySensor* totals) {
  return catalog.Query(
      "SELECT sensor_id, COUNT(*), SUM(packets), SUM(bytes) FROM segments GROUP BY sensor_id", {},
      [totals](const SqlRow& row) {
        Totals& sum = (*totals)[row.Int(0)];
        sum.segments = row.Int(1);
        sum.packets_stored = row.Int(2);
        sum.bytes_stored = row.Int(3);
        return true;
      });
}

base::Result<> AddGaps(const Catalog& catalog, TotalsBySensor* totals) {
  return catalog.Query(
      "SELECT g.sensor_id, c.gaps, g.record FROM gaps g, "
      "(SELECT sensor_id, COUNT(*) AS gaps, MAX(id) AS last FROM gaps GROUP BY sensor_id) c "
      "WHERE g.id = c.last",
      {}, [totals](const SqlRow& row) {
        Totals& sum = (*totals)[row.Int(0)];
        sum.gaps = row.Int(1);
        sum.last_gap = ParsedObject(row.Text(2));
        return true;
      });
}

base::Result<> AddClocks(const Catalog& catalog, TotalsBySensor* totals) {
  TAPIARY_ASSIGN(const auto clocks, AllClocks(catalog));
  for (const HoneypotClock& one : clocks) {
    (*totals)[one.sensor_id].clocks[one.dataset] = ClockJson(one.clock);
  }
  return {};
}

base::Result<> AddEvidence(const Catalog& catalog, TotalsBySensor* totals) {
  TAPIARY_ASSIGN(const auto states, EvidenceStates(catalog));
  for (const auto& [sensor_id, state] : states) {
    (*totals)[sensor_id].evidence = {
        {"state", state.state},
        {"key", state.chain == 0 ? Json() : Json(base::ToHex(state.key))},
        {"chain", state.chain},
        {"number", state.number},
        {"told", state.told_ns == 0 ? Json() : Json(base::FormatTime(state.told_ns))},
        {"expected", state.expected},
        {"in_doubt", state.in_doubt},
        {"forks", state.forks},
        {"pending_keys", state.pending_keys},
    };
  }
  return {};
}

Json SensorItem(const SqlRow& row, const Totals& totals) {
  return {
      {"name", base::EscapeBytes(row.Text(1))},
      {"created", base::FormatTime(row.Int(2))},
      {"last_seen", row.IsNull(3) ? Json() : Json(base::FormatTime(row.Int(3)))},
      {"health", ParsedObject(row.Text(4))},
      {"offered", totals.offered},
      {"recorded", totals.recorded},
      {"filtered", totals.filtered},
      {"lost", totals.lost},
      {"lost_by_reason", totals.lost_by_reason},
      {"segments", totals.segments},
      {"packets_stored", totals.packets_stored},
      {"bytes_stored", totals.bytes_stored},
      {"gaps", totals.gaps},
      {"last_gap", totals.last_gap},
      {"event_clocks", totals.clocks},
      {"evidence", totals.evidence},
  };
}

base::Result<> Sensors(const Catalog& catalog, Json* items) {
  TotalsBySensor totals;
  TAPIARY_TRY(AddLedger(catalog, &totals));
  TAPIARY_TRY(AddStored(catalog, &totals));
  TAPIARY_TRY(AddGaps(catalog, &totals));
  TAPIARY_TRY(AddClocks(catalog, &totals));
  TAPIARY_TRY(AddEvidence(catalog, &totals));
  *items = Json::array();
  TAPIARY_TRY(
      catalog.Query("SELECT id, name, created_ns, last_seen_ns, health FROM sensors ORDER BY name",
                    {}, [&](const SqlRow& row) {
                      items->push_back(SensorItem(row, totals[row.Int(0)]));
                      return true;
                    }));
  return {};
}

struct KnownSensor {
  std::int64_t id = 0;
  Json about;  // name, last_seen, health
};

// kNotFound when no sensor has the name in the path.
base::Result<KnownSensor> FindSensor(const Catalog& catalog, const Request& request) {
  const base::Error none =
      base::MakeError(base::ErrorCode::kNotFound, "there is no sensor with this name");
  const auto name = base::UnescapeBytes(request.path_params.at("id"));
  if (!name) return none;
  KnownSensor sensor;
  const SqlValue values[] = {*name};
  TAPIARY_TRY(catalog.Query(
      "SELECT id, last_seen_ns, health FROM sensors WHERE name = ?", values,
      [&](const SqlRow& row) {
        sensor.id = row.Int(0);
        sensor.about = {{"sensor", base::EscapeBytes(*name)},
                        {"last_seen", row.IsNull(1) ? Json() : Json(base::FormatTime(row.Int(1)))},
                        {"health", ParsedObject(row.Text(2))}};
        return false;
      }));
  if (sensor.about.is_null()) return none;
  return sensor;
}

// The JSON objects of a query's first column; its second is their epoch.
base::Result<> AddRecords(const Catalog& catalog, std::string_view sql,
                          std::span<const SqlValue> values, Json* items) {
  *items = Json::array();
  return catalog.Query(sql, values, [items](const SqlRow& row) {
    Json record = ParsedObject(row.Text(0));
    if (record.is_null()) return true;
    record["epoch"] = row.Int(1);
    items->push_back(std::move(record));
    return true;
  });
}

base::Result<std::string> Ledger(const Catalog& catalog, const Request& request) {
  TAPIARY_ASSIGN(const KnownSensor sensor, FindSensor(catalog, request));
  const SqlValue values[] = {sensor.id};
  Json answer = {{"sensor", sensor.about["sensor"]}};
  TAPIARY_TRY(AddRecords(catalog,
                         "SELECT record, epoch FROM ledger WHERE sensor_id = ? "
                         "ORDER BY epoch DESC, interface",
                         values, &answer["items"]));
  return Dump(answer);
}

base::Result<std::string> Health(const Catalog& catalog, const Request& request) {
  TAPIARY_ASSIGN(KnownSensor sensor, FindSensor(catalog, request));
  const SqlValue values[] = {sensor.id, std::int64_t{kGapsShown}};
  sensor.about["now"] = base::FormatTime(base::WallNow());
  TAPIARY_TRY(AddRecords(catalog,
                         "SELECT record, epoch FROM gaps WHERE sensor_id = ? "
                         "ORDER BY id DESC LIMIT ?",
                         values, &sensor.about["gaps"]));
  return Dump(sensor.about);
}

Response Answer(base::Result<std::string> json) {
  return json ? JsonResponse(200, std::move(*json)) : ProblemFor(json.error());
}

}  // namespace

Response HandleSensors(const ApiContext& context, const Request&) {
  const std::string trouble = context.disks == nullptr ? "" : context.disks->Trouble();
  Json answer = {{"now", base::FormatTime(base::WallNow())}, {"trouble", nullptr}};
  if (!trouble.empty()) answer["trouble"] = trouble;
  const auto done = Sensors(context.catalog, &answer["items"]);
  return done ? JsonResponse(200, Dump(answer)) : ProblemFor(done.error());
}

Response HandleLedger(const ApiContext& context, const Request& request) {
  return Answer(Ledger(context.catalog, request));
}

Response HandleHealth(const ApiContext& context, const Request& request) {
  return Answer(Health(context.catalog, request));
}

base::Result<> CheckSensor(const Catalog& catalog, const std::string& name) {
  bool known = false;
  const SqlValue values[] = {name};
  TAPIARY_TRY(catalog.Query("SELECT 1 FROM sensors WHERE name = ?", values,
                            [&known](const SqlRow&) { return !(known = true); }));
  if (known) return {};
  return base::MakeError(base::ErrorCode::kNotFound, "there is no sensor with this name");
}

}  // namespace tapiary::server
