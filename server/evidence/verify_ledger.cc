// The loss ledger and the gaps against the bodies that they were made from: completeness statements
// are made of these rows, and whoever hides a loss changes them.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "capture/record_json.h"
#include "server/evidence/verify_impl.h"
#include "server/ingest/hour_rows.h"
#include "server/ingest/rows.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::json;

// Each only grows while a sensor runs.
struct Totals {
  std::uint64_t offered = 0, recorded = 0, recorded_bytes = 0, filtered = 0, lost = 0;
  [[nodiscard]] bool Cover(const Totals& told) const {
    return offered >= told.offered && recorded >= told.recorded &&
           recorded_bytes >= told.recorded_bytes && filtered >= told.filtered && lost >= told.lost;
  }
};

// What cannot be read counts as nothing, so it covers nothing.
Totals TotalsOf(const Json& record) {
  const auto number = [](const Json& from, const char* name) -> std::uint64_t {
    const auto member = from.find(name);
    const bool is = member != from.end() && member->is_number_unsigned();
    return is ? member->get<std::uint64_t>() : 0;
  };
  Totals totals;
  if (!record.is_object()) return totals;
  totals = {number(record, "offered"), number(record, "recorded"), number(record, "recorded_bytes"),
            number(record, "filtered")};
  const auto lost = record.find("lost");
  if (lost == record.end() || !lost->is_object()) return totals;
  for (const auto& [reason, packets] : lost->items()) {
    if (packets.is_number_unsigned()) totals.lost += packets.get<std::uint64_t>();
  }
  return totals;
}

struct FoundTotals {
  bool there = false;
  bool agrees = false;
};

// A row that was not made from this record is of a later one.
bool AreThoseOf(const SqlRow& row, const capture::LedgerRow& told, const Json& record) {
  const Json stored = Json::parse(row.Text(1), nullptr, false);
  const Totals totals = TotalsOf(stored);
  if (!totals.Cover(TotalsOf(record))) return false;
  if (row.Int(2) != std::get<std::int64_t>(NumberValue(totals.offered)) ||
      row.Int(3) != std::get<std::int64_t>(NumberValue(totals.recorded))) {
    return false;
  }
  const bool same = row.Int(0) == told.time_ns && totals.offered == told.offered &&
                    totals.recorded == told.recorded;
  return !same || stored == record;
}

}  // namespace

base::Result<> Verifier::CheckLedger(const VerifiedSensor& sensor, const StoredItemRow& item,
                                     const capture::LedgerRow& told) {
  const Json record = Json::parse(capture::ToJson(told, sensor.name), nullptr, false);
  const std::string interface = base::EscapeBytes(told.interface);
  const auto look = [&](std::string_view sql, std::vector<SqlValue> key) {
    FoundTotals found;
    const auto done = catalog_.Query(sql, key, [&](const SqlRow& row) {
      found = {true, AreThoseOf(row, told, record)};
      return false;
    });
    return done ? base::Result<FoundTotals>(found) : base::Result<FoundTotals>(done.error());
  };
  TAPIARY_ASSIGN(const FoundTotals newest,
                 look("SELECT time_ns, record, offered, recorded FROM ledger WHERE sensor_id = ? "
                      "AND epoch = ? AND interface = ?",
                      {sensor.id, item.epoch, interface}));
  TAPIARY_ASSIGN(
      const FoundTotals hour,
      look("SELECT time_ns, record, offered, recorded FROM ledger_hours WHERE sensor_id = ? AND "
           "epoch = ? AND interface = ? AND hour_ns = ?",
           {sensor.id, item.epoch, interface, HourOf(told.time_ns)}));
  if (newest.agrees && hour.agrees) return {};
  const std::string name = fmt::format("ledger {}: {}", item.epoch, interface);
  if (!hour.there || !newest.there) {
    Tell(FindingCode::kMissing, sensor, fmt::format("{}: {}", item.Name(), name),
         "its row is gone");
  } else {
    Tell(FindingCode::kAltered, sensor, fmt::format("{}: {}", item.Name(), name),
         "its row has other totals than the sensor sent");
  }
  return {};
}

base::Result<> Verifier::CheckGap(const VerifiedSensor& sensor, const StoredItemRow& item,
                                  const capture::GapRecord& gap) {
  bool there = false;
  const SqlValue key[] = {sensor.id,
                          gap.from_ns,
                          item.epoch,
                          gap.to_ns,
                          base::EscapeBytes(gap.reason),
                          capture::ToJson(gap, sensor.name)};
  TAPIARY_TRY(
      catalog_.Query("SELECT 1 FROM gaps WHERE sensor_id = ? AND from_ns = ? AND epoch = ? AND "
                     "to_ns = ? AND reason = ? AND record = ? LIMIT 1",
                     key, [&there](const SqlRow&) {
                       there = true;
                       return false;
                     }));
  if (there) return {};
  Tell(FindingCode::kMissing, sensor,
       fmt::format("{}: gap of {}", item.Name(), base::FormatTime(gap.from_ns)),
       "its row is gone, or not what the sensor sent");
  return {};
}

}  // namespace tapiary::server
