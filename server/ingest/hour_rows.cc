#include "server/ingest/hour_rows.h"

#include "base/clock.h"
#include "capture/record_json.h"

namespace tapiary::server {

std::int64_t HourOf(std::int64_t time_ns) {
  const std::int64_t hour = time_ns / base::kNanosPerHour;
  const bool before = time_ns < 0 && time_ns % base::kNanosPerHour != 0;
  // The hour that holds the least time begins before it.
  if (before && hour - 1 < INT64_MIN / base::kNanosPerHour)
    return INT64_MIN / base::kNanosPerHour * base::kNanosPerHour;
  return (before ? hour - 1 : hour) * base::kNanosPerHour;
}

base::Result<> NoteLedgerHour(SqlWriter& writer, const RowOwner& owner, std::uint64_t epoch,
                              const capture::LedgerRow& ledger) {
  const std::vector<SqlValue> values{
      owner.sensor_id,
      NumberValue(epoch),
      TextValue(ledger.interface),
      HourOf(ledger.time_ns),
      ledger.time_ns,
      NumberValue(ledger.offered),
      NumberValue(ledger.recorded),
      capture::ToJson(ledger, owner.sensor),
  };
  // Totals only grow, whatever the clock does.
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO ledger_hours (sensor_id, epoch, interface, hour_ns, time_ns, offered, recorded, "
      "record) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sensor_id, epoch, interface, hour_ns) "
      "DO UPDATE SET time_ns = excluded.time_ns, offered = excluded.offered, "
      "recorded = excluded.recorded, record = excluded.record "
      "WHERE excluded.offered > ledger_hours.offered OR (excluded.offered = ledger_hours.offered "
      "AND excluded.recorded >= ledger_hours.recorded "
      "AND excluded.time_ns > ledger_hours.time_ns)",
      values));
  return {};
}

base::Result<> NoteSegmentHour(SqlWriter& writer, const RowOwner& owner,
                               const SegmentRow& segment) {
  const std::vector<SqlValue> values{owner.sensor_id, HourOf(segment.first_ns),
                                     NumberValue(segment.packets), NumberValue(segment.bytes)};
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO segment_hours (sensor_id, hour_ns, segments, packets, bytes) "
      "VALUES (?, ?, 1, ?, ?) ON CONFLICT (sensor_id, hour_ns) DO UPDATE SET "
      "segments = segment_hours.segments + 1, packets = segment_hours.packets + excluded.packets, "
      "bytes = segment_hours.bytes + excluded.bytes",
      values));
  return {};
}

}  // namespace tapiary::server
