#include "server/ingest/stored.h"

#include "base/clock.h"
#include "base/text.h"
#include "server/ingest/stored_events.h"

namespace tapiary::server {

std::string_view ToString(DataKind kind) {
  constexpr std::array<std::string_view, kDataKinds.size()> kNames{"packets", "flows",
                                                                   "transactions", "events"};
  return kNames[static_cast<std::size_t>(kind)];
}

base::Result<DataKind> ParseDataKind(std::string_view text) {
  for (const DataKind kind : kDataKinds) {
    if (ToString(kind) == text) return kind;
  }
  return base::MakeError(
      base::ErrorCode::kInvalid,
      "'" + base::EscapeBytes(text) + "' is none of packets, flows, transactions, events");
}

base::Result<> CountStored(SqlWriter& writer, DataKind kind, std::int64_t sensor_id,
                           const StoredChanges& changes) {
  for (const auto& [hour, amount] : changes) {
    if (amount.entries == 0 && amount.bytes == 0) continue;
    const std::vector<SqlValue> values{hour, std::string(ToString(kind)), sensor_id, amount.entries,
                                       amount.bytes};
    TAPIARY_TRY(writer.Execute(
        "INSERT INTO stored (hour, kind, sensor_id, entries, bytes) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (hour, kind, sensor_id) DO UPDATE SET entries = stored.entries + "
        "excluded.entries, bytes = stored.bytes + excluded.bytes",
        values));
  }
  return {};
}

base::Result<> CountStored(SqlWriter& writer, DataKind kind, std::int64_t sensor_id,
                           std::int64_t received_ns, StoredAmount amount) {
  return CountStored(writer, kind, sensor_id, {{received_ns / base::kNanosPerHour, amount}});
}

base::Result<> CountStoredEvents(SqlWriter& writer, const RowOwner& owner, std::int64_t events,
                                 std::int64_t record_bytes) {
  return CountStored(writer, DataKind::kEvents, owner.sensor_id, owner.received_ns,
                     {events, record_bytes + events * kEventRowBytes});
}

base::Result<> CountStoredBody(SqlWriter& writer, const RowOwner& owner, std::string_view kind,
                               std::int64_t bytes) {
  const DataKind holds = kind == "flows" ? DataKind::kFlows : DataKind::kTransactions;
  return CountStored(writer, holds, owner.sensor_id, owner.received_ns, {0, bytes});
}

// By pages, since a query has a time limit.
base::Result<std::vector<StoredHour>> ReadStored(const Catalog& catalog) {
  constexpr std::int64_t kPage = 50'000;
  std::vector<StoredHour> hours;
  std::vector<SqlValue> after{std::int64_t{INT64_MIN}, std::string(), std::int64_t{0}, kPage};
  std::int64_t rows = kPage;
  while (rows == kPage) {
    rows = 0;
    TAPIARY_TRY(catalog.Query(
        "SELECT kind, hour, sensor_id, entries, bytes, spared FROM stored WHERE (hour, kind, "
        "sensor_id) > (?, ?, ?) ORDER BY hour, kind, sensor_id LIMIT ?",
        after, [&](const SqlRow& row) {
          ++rows;
          after = {row.Int(1), std::string(row.Text(0)), row.Int(2), kPage};
          const auto kind = ParseDataKind(row.Text(0));
          if (!kind || (row.Int(3) <= 0 && row.Int(4) <= 0))
            return true;  // of a newer version; nothing is left
          hours.push_back(
              {*kind, row.Int(1), row.Int(2), {row.Int(3), row.Int(4)}, row.Int(5) != 0});
          return true;
        }));
  }
  return hours;
}

base::Result<SensorNames> ReadSensorNames(const Catalog& catalog) {
  SensorNames names;
  TAPIARY_TRY(catalog.Query("SELECT id, name FROM sensors", {}, [&names](const SqlRow& row) {
    names.emplace(row.Int(0), row.Text(1));
    return true;
  }));
  return names;
}

}  // namespace tapiary::server
