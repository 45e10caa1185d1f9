// The rows of flows and transactions against the bodies that they were made from.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "capture/record_json.h"
#include "server/evidence/verify_impl.h"
#include "server/ingest/flow_record.h"
#include "server/ingest/rows.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::json;

// Blocks are joined from all parts of a flow; all else is as it was made. What was added counts as
// much as what was changed: "noise" would hide a flow.
bool Agree(std::string_view stored, const std::string& made) {
  Json left = Json::parse(stored, nullptr, false);
  Json right = Json::parse(made, nullptr, false);
  if (!left.is_object() || !right.is_object()) return false;
  left.erase("blocks");
  right.erase("blocks");
  return left == right;
}

struct FoundRow {
  bool there = false;
  std::int64_t part = 0;
  bool agrees = false;
};

}  // namespace

base::Result<> Verifier::CheckFlow(const VerifiedSensor& sensor, const StoredItemRow& item,
                                   const capture::FlowRecord& flow) {
  FoundRow found;
  const auto part = static_cast<std::int64_t>(flow.part);
  const SqlValue key[] = {sensor.id, static_cast<std::int64_t>(flow.id.epoch),
                          static_cast<std::int64_t>(flow.id.number)};
  const auto amount = [](std::uint64_t value) {
    return std::get<std::int64_t>(AmountValue(value));
  };
  TAPIARY_TRY(catalog_.Query(
      "SELECT part, record, start_ns, end_ns, orig_port, resp_port, orig_bytes, resp_bytes, "
      "orig_packets, resp_packets, service, community_id FROM flows WHERE sensor_id = ? AND "
      "epoch = ? AND number = ?",
      key, [&](const SqlRow& row) {
        found = {true, row.Int(0), true};
        if (found.part != part) return false;
        found.agrees = Agree(row.Text(1), CompactRecord(flow)) && row.Int(2) == flow.start_ns &&
                       row.Int(3) == flow.end_ns && row.Int(4) == flow.orig.port &&
                       row.Int(5) == flow.resp.port && row.Int(6) == amount(flow.orig.bytes) &&
                       row.Int(7) == amount(flow.resp.bytes) &&
                       row.Int(8) == amount(flow.orig.packets) &&
                       row.Int(9) == amount(flow.resp.packets) &&
                       row.Text(10) == base::EscapeBytes(flow.service) &&
                       row.Text(11) == base::EscapeBytes(flow.community_id);
        return false;
      }));
  const std::string name =
      fmt::format("{}: flow {}.{}", item.Name(), flow.id.epoch, flow.id.number);
  if (!found.there) {
    if (item.received_ns < sensor.flows_since_ns) return {};
    Tell(FindingCode::kMissing, sensor, name, "its row is gone");
  } else if (found.part < part) {
    Tell(FindingCode::kAltered, sensor, name, "its row is of an older part than was stored");
  } else if (!found.agrees) {
    Tell(FindingCode::kAltered, sensor, name, "its row is not what the sensor sent");
  }
  return {};
}

base::Result<> Verifier::CheckTransaction(const VerifiedSensor& sensor, const StoredItemRow& item,
                                          const capture::Transaction& transaction) {
  FoundRow found;
  const SqlValue key[] = {sensor.id, static_cast<std::int64_t>(transaction.flow_id.epoch),
                          static_cast<std::int64_t>(transaction.flow_id.number),
                          static_cast<std::int64_t>(transaction.number)};
  TAPIARY_TRY(catalog_.Query(
      "SELECT record, time_ns, code, command, orig_port, resp_port FROM transactions WHERE "
      "sensor_id = ? AND epoch = ? AND flow_number = ? AND number = ?",
      key, [&](const SqlRow& row) {
        found.there = true;
        found.agrees = Agree(row.Text(0), capture::ToJson(transaction, sensor.name)) &&
                       row.Int(1) == transaction.time_ns && row.Int(2) == transaction.code &&
                       (row.Int(3) != 0) == transaction.command &&
                       row.Int(4) == transaction.orig_port && row.Int(5) == transaction.resp_port;
        return false;
      }));
  const std::string name =
      fmt::format("{}: transaction {}.{}.{}", item.Name(), transaction.flow_id.epoch,
                  transaction.flow_id.number, transaction.number);
  if (!found.there) {
    if (item.received_ns < sensor.transactions_since_ns) return {};
    Tell(FindingCode::kMissing, sensor, name, "its row is gone");
  } else if (!found.agrees) {
    Tell(FindingCode::kAltered, sensor, name, "its row is not what the sensor sent");
  }
  return {};
}

}  // namespace tapiary::server
