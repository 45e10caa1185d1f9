#include "server/ingest/rows.h"

#include <utility>
#include <vector>

#include "base/text.h"
#include "capture/json_writer.h"
#include "capture/record_json.h"
#include "server/ingest/stored.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

std::uint64_t Lost(const capture::LedgerRow& ledger) {
  std::uint64_t lost = 0;
  for (const auto& [reason, packets] : ledger.lost) lost += packets;
  return lost;
}

std::string HealthJson(const RowOwner& owner, std::uint64_t epoch, std::uint64_t seq,
                       const uplink::SensorHealth& health) {
  std::string out;
  capture::JsonWriter json(out);
  json.BeginObject();
  json.Key("time");
  json.Time(health.time_ns);
  json.Key("received");
  json.Time(owner.received_ns);
  json.Key("clock_skew");  // seconds that the sensor is ahead, delivery time included
  json.Seconds(static_cast<std::int64_t>(static_cast<std::uint64_t>(health.time_ns) -
                                         static_cast<std::uint64_t>(owner.received_ns)));
  json.Text("state", health.state);
  json.Key("texts");
  json.BeginArray();
  for (const std::string& text : health.texts) json.Text(text);
  json.EndArray();
  json.TextOrNull("version", health.version);
  json.Number("spool_bytes", health.spool_bytes);
  json.Number("spool_max_bytes", health.spool_max_bytes);
  json.Key("spool_oldest");
  health.spool_oldest_ns == 0 ? json.Null() : json.Time(health.spool_oldest_ns);
  json.TextOrNull("uplink_state", health.uplink_state);
  json.Number("packets", health.packets);
  json.Number("active_flows", health.active_flows);
  json.Number("flows", health.flows);
  json.Number("transactions", health.transactions);
  json.Number("commands", health.commands);
  json.Number("epoch", epoch);
  json.Number("seq", seq);
  json.EndObject();
  return out;
}

}  // namespace

SqlValue NumberValue(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
}

SqlValue AmountValue(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX / 2));
}

SqlValue TextValue(std::string_view bytes) {
  return base::EscapeBytes(bytes);
}

SqlValue AddressValue(const capture::IpAddress& address) {
  if (address.version == 0) return nullptr;
  const AddressKey key = ToAddressKey(address);
  return std::vector<std::uint8_t>(key.begin(), key.end());
}

base::Result<> InsertSegment(SqlWriter& writer, const RowOwner& owner, const SegmentRow& segment) {
  SqlValue digest;
  if (segment.digest) {
    digest = std::vector<std::uint8_t>(segment.digest->begin(), segment.digest->end());
  }
  const std::vector<SqlValue> values{
      segment.item_id,
      owner.sensor_id,
      NumberValue(segment.epoch),
      NumberValue(segment.stream),
      NumberValue(segment.first_block),
      NumberValue(segment.block_count),
      TextValue(segment.interface),
      segment.first_ns,
      segment.last_ns,
      NumberValue(segment.packets),
      NumberValue(segment.bytes),
      segment.object,
      owner.received_ns,
      digest,
  };
  const auto added = writer.Execute(
      "INSERT INTO segments (item_id, sensor_id, epoch, stream, first_block, block_count, "
      "interface, first_ns, last_ns, packets, bytes, object, received_ns, digest) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      values);
  if (added) {
    return CountStored(writer, DataKind::kPackets, owner.sensor_id, owner.received_ns,
                       {1, static_cast<std::int64_t>(segment.bytes)});
  }
  if (added.error().code != base::ErrorCode::kExists) return added.error();
  return base::MakeError(base::ErrorCode::kConflict,
                         "its blocks are stored already under another number");
}

base::Result<> AddGap(SqlWriter& writer, const RowOwner& owner, std::uint64_t epoch,
                      const capture::GapRecord& gap) {
  const std::vector<SqlValue> values{
      owner.sensor_id,
      NumberValue(epoch),
      gap.from_ns,
      gap.to_ns,
      TextValue(gap.reason),
      owner.received_ns,
      capture::ToJson(gap, owner.sensor),
  };
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO gaps (sensor_id, epoch, from_ns, to_ns, reason, received_ns, record) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      values));
  return {};
}

namespace {

// After a row that did not replace the stored one: late (smaller in all), or a contradiction.
base::Result<Added> IsOlderLedger(SqlWriter& writer, const RowOwner& owner, std::uint64_t epoch,
                                  const capture::LedgerRow& ledger) {
  const std::vector<SqlValue> values{owner.sensor_id,
                                     NumberValue(epoch),
                                     TextValue(ledger.interface),
                                     NumberValue(ledger.offered),
                                     NumberValue(ledger.recorded),
                                     NumberValue(ledger.filtered),
                                     NumberValue(Lost(ledger))};
  Added added = Added::kContradicts;
  TAPIARY_TRY(
      writer.Query("SELECT 1 FROM ledger WHERE sensor_id = ? AND epoch = ? AND interface = ? "
                   "AND offered >= ? AND recorded >= ? AND filtered >= ? AND lost >= ?",
                   values, [&added](const SqlRow&) {
                     added = Added::kYes;
                     return false;
                   }));
  return added;
}

}  // namespace

base::Result<Added> AddLedger(SqlWriter& writer, const RowOwner& owner, std::uint64_t epoch,
                              const capture::LedgerRow& ledger) {
  const std::vector<SqlValue> values{
      owner.sensor_id,
      NumberValue(epoch),
      TextValue(ledger.interface),
      ledger.time_ns,
      NumberValue(ledger.offered),
      NumberValue(ledger.recorded),
      NumberValue(ledger.filtered),
      NumberValue(Lost(ledger)),
      capture::ToJson(ledger, owner.sensor),
  };
  TAPIARY_ASSIGN(
      const std::int64_t changed,
      writer.Execute(
          "INSERT INTO ledger (sensor_id, epoch, interface, time_ns, offered, recorded, filtered, "
          "lost, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
          "ON CONFLICT (sensor_id, epoch, interface) DO UPDATE SET time_ns = excluded.time_ns, "
          "offered = excluded.offered, recorded = excluded.recorded, filtered = excluded.filtered, "
          "lost = excluded.lost, record = excluded.record WHERE excluded.offered >= ledger.offered "
          "AND excluded.recorded >= ledger.recorded AND excluded.filtered >= ledger.filtered "
          "AND excluded.lost >= ledger.lost",
          values));
  if (changed != 0) return Added::kYes;
  return IsOlderLedger(writer, owner, epoch, ledger);
}

base::Result<> SetHealth(SqlWriter& writer, const RowOwner& owner, std::uint64_t epoch,
                         std::uint64_t seq, const uplink::SensorHealth& health) {
  const std::vector<SqlValue> values{HealthJson(owner, epoch, seq, health), owner.sensor_id,
                                     NumberValue(epoch), NumberValue(seq)};
  TAPIARY_TRY(
      writer.Execute("UPDATE sensors SET health = ? WHERE id = ? AND (health IS NULL OR "
                     "(CAST(json_extract(health, '$.epoch') AS BIGINT), "
                     "CAST(json_extract(health, '$.seq') AS BIGINT)) < (?, ?))",
                     values));
  return {};
}

}  // namespace tapiary::server
