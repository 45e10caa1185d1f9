#include "server/api/event_rows.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/select.h"
#include "server/ingest/event_json.h"
#include "server/query/event_lookup.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kFarthestNs = INT64_MAX / 2;
constexpr std::size_t kMaxBytes = 16u << 20;  // of records; a single one may have 1 MiB

constexpr std::string_view kColumns =
    "SELECT e.id, e.time_ns, e.received_ns, s.name, e.record, COALESCE(e.type, ''), "
    "COALESCE(e.user_name, ''), COALESCE(e.password, ''), COALESCE(e.session, ''), e.source_ip, "
    "e.source_port, e.destination_ip, e.destination_port, COALESCE(e.ecs, '') ";

StoredItem ReadItem(const SqlRow& row) {
  StoredItem item;
  item.id = row.Int(0);
  item.time_ns = row.Int(1);
  item.received_ns = row.Int(2);
  item.sensor = base::EscapeBytes(row.Text(3));
  item.record = row.Text(4);
  item.type = row.Text(5);
  item.user = row.Text(6);
  item.password = row.Text(7);
  item.session = row.Text(8);
  item.source_ip = FromAddressKey(row.Blob(9)).ToString();
  item.source_port = row.IsNull(10) ? -1 : row.Int(10);
  item.destination_ip = FromAddressKey(row.Blob(11)).ToString();
  item.destination_port = row.IsNull(12) ? -1 : row.Int(12);
  item.ecs = row.Text(13);
  return item;
}

std::optional<std::uint16_t> Port(std::int64_t port) {
  if (port < 0) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

SessionEvent ReadEvent(const SqlRow& row) {
  SessionEvent event;
  event.item = ReadItem(row);
  event.received_ns = event.item.received_ns;
  TimelineEvent& line = event.line;
  line.id = event.item.id;
  line.ends.time_ns = std::clamp(event.item.time_ns, -kFarthestNs, kFarthestNs);
  line.ends.source_ip = FromAddressKey(row.Blob(9));
  line.ends.source_port = Port(event.item.source_port);
  line.ends.destination_ip = FromAddressKey(row.Blob(11));
  line.ends.destination_port = Port(event.item.destination_port);
  JsonTree ecs;
  (void)ecs.Parse(event.item.ecs);  // else it has no member
  const auto text = [&ecs](const char* name, const char* otherwise) {
    const JsonNode* const at = ecs.root().Find(name);
    return at != nullptr && at->is_text() ? std::string(at->text()) : otherwise;
  };
  event.time_kind = text("tapiary.time", "event");
  line.has_time = event.time_kind == "event";
  if (event.time_kind == "received") line.ends.slack_ns = base::kNanosPerHour;
  line.action = text("event.action", "other");
  line.protocol = text("network.protocol", "");
  if (line.protocol == "modbus") line.function = ModbusFunction(event.item.record);
  return event;
}

SqlCondition EventsOf(const EventsWanted& wanted) {
  const AddressKey key = ToAddressKey(wanted.source);
  // A session's id finds its events; without one, the source does.
  const bool alone = wanted.session.empty() && wanted.source.version == 0;
  const bool by_run = wanted.session.empty() && !alone;
  SqlCondition select{fmt::format("{}FROM {} CROSS JOIN sensors s WHERE s.id = e.sensor_id AND {}"
                                  "e.sensor_id = ? AND ",
                                  kColumns, by_run ? kEventsByRun : "events e",
                                  by_run ? fmt::format("{} AND ", kIsInRun) : ""),
                      {wanted.sensor_id}};
  if (alone) Append(&select, SqlCondition{"e.id = ? AND ", {wanted.id}});
  if (wanted.source.version == 0) {
    Append(&select, "e.source_ip IS NULL AND ");
  } else {
    Append(&select, SqlCondition{"e.source_ip = ? AND ",
                                 {std::vector<std::uint8_t>(key.begin(), key.end())}});
  }
  if (wanted.session.empty()) {
    Append(&select, "COALESCE(e.session, '') = '' AND ");
  } else {
    Append(&select, SqlCondition{"e.session = ? AND ", {wanted.session}});
  }
  return select;
}

base::Result<> Load(const Catalog& catalog, const SqlCondition& select, std::int64_t limit,
                    EventRows& rows) {
  std::int64_t count = 0;
  std::size_t bytes = 0;
  const auto take = [&](const SqlRow& row) {
    if (++count > limit || bytes > kMaxBytes) {
      rows.full = true;
      return false;
    }
    rows.events.push_back(ReadEvent(row));
    bytes += row.Text(4).size() + row.Text(13).size();
    return true;
  };
  TAPIARY_ASSIGN(const SelectEnd end, Select(catalog, select, take));
  rows.partial |= end == SelectEnd::kTimeLimit;
  return {};
}

}  // namespace

base::Result<EventRows> LoadEventRows(const Catalog& catalog, const EventsWanted& wanted) {
  EventRows rows;
  const std::int64_t half = std::max<std::int64_t>(1, wanted.limit / 2);
  SqlCondition before = EventsOf(wanted);
  Append(&before, SqlCondition{"e.time_ns <= ? AND e.time_ns >= ? "
                               "ORDER BY e.time_ns DESC, e.id DESC LIMIT ?",
                               {wanted.time_ns, wanted.time_ns - base::kNanosPerDay, half + 1}});
  TAPIARY_TRY(Load(catalog, before, half, rows));
  SqlCondition after = EventsOf(wanted);
  Append(&after, SqlCondition{"e.time_ns > ? AND e.time_ns <= ? "
                              "ORDER BY e.time_ns, e.id LIMIT ?",
                              {wanted.time_ns, wanted.time_ns + base::kNanosPerDay, half + 1}});
  TAPIARY_TRY(Load(catalog, after, half, rows));
  std::ranges::sort(rows.events, {}, &SessionEvent::Order);
  return rows;
}

base::Result<TransactionRows> LoadTransactionRows(const Catalog& catalog, const LinkFlow& flow,
                                                  std::int64_t limit) {
  TransactionRows rows;
  const std::vector<SqlValue> values{flow.sensor_id, flow.epoch, flow.number, limit + 1};
  const SqlCondition select{
      "SELECT number, time_ns, protocol, code, command, record FROM transactions WHERE "
      "sensor_id = ? AND epoch = ? AND flow_number = ? ORDER BY number LIMIT ?",
      values};
  std::size_t bytes = 0;
  const auto take = [&](const SqlRow& row) {
    if (static_cast<std::int64_t>(rows.transactions.size()) == limit || bytes > kMaxBytes) {
      rows.full = true;
      return false;
    }
    TimelineTransaction one;
    one.number = row.Int(0);
    one.time_ns = row.Int(1);
    one.protocol = row.Text(2);
    one.code = row.Int(3);
    one.command = row.Int(4) != 0;
    one.record = row.Text(5);
    bytes += one.record.size();
    rows.transactions.push_back(std::move(one));
    return true;
  };
  TAPIARY_ASSIGN(const SelectEnd end, Select(catalog, select, take));
  rows.partial = end == SelectEnd::kTimeLimit;
  return rows;
}

std::optional<int> ModbusFunction(std::string_view record) {
  JsonTree tree;
  if (!tree.Parse(record) || !tree.root().is_object()) return std::nullopt;
  const JsonNode& json = tree.root();
  const JsonNode* stated = FindFirst(json, {"data.function_code", "function_code"});
  if (stated != nullptr && stated->kind() == JsonNode::Kind::kNumber) {
    const auto code = ToEventPort(std::string(stated->text()));  // a whole number
    if (code && *code < 256) return *code;
  }
  std::string text = FindText(json, {"request", "data.request"}).value_or("");
  if (text.starts_with("b'") && text.ends_with("'") && text.size() >= 3) {
    text = text.substr(2, text.size() - 3);
  }
  // Transaction id, protocol id 0, length of what follows, unit, function (Modbus/TCP).
  const auto bytes = base::FromHex(text);
  if (!bytes || bytes->size() < 8) return std::nullopt;
  const auto& adu = *bytes;
  const std::size_t length = (std::size_t{adu[4]} << 8) | adu[5];
  if (adu[2] != 0 || adu[3] != 0 || length + 6 != adu.size()) return std::nullopt;
  return adu[7];
}

}  // namespace tapiary::server
