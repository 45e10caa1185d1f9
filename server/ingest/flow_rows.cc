// Rows of flows: one a flow, made of parts that may come in any order.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "capture/record_json.h"
#include "server/ingest/rows.h"

namespace tapiary::server {
namespace {

using capture::BlockRun;

struct StoredFlow {
  std::int64_t id = 0;
  std::int64_t part = 0;
  std::vector<BlockRun> blocks;
};

std::string BlocksJson(const std::vector<BlockRun>& blocks) {
  std::string out = "[";
  for (const BlockRun& run : blocks) {
    if (out.size() > 1) out += ',';
    out += '[' + std::to_string(run.first) + ',' + std::to_string(run.count) + ']';
  }
  return out + ']';
}

// Reads back what BlocksJson wrote.
std::vector<BlockRun> ParseBlocks(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  std::vector<BlockRun> blocks;
  if (!json.is_array()) return blocks;
  for (const auto& run : json) {
    if (!run.is_array() || run.size() != 2) continue;
    if (!run[0].is_number_unsigned() || !run[1].is_number_unsigned()) continue;
    blocks.push_back({run[0].get<std::uint64_t>(), run[1].get<std::uint32_t>()});
  }
  return blocks;
}

// Sorted, without overlap.
std::vector<BlockRun> Join(std::vector<BlockRun> runs) {
  std::ranges::sort(runs, {}, &BlockRun::first);
  std::vector<BlockRun> joined;
  for (const BlockRun& run : runs) {
    if (run.count == 0 || run.first > INT64_MAX) continue;  // the sum below cannot overflow
    if (joined.empty() || run.first > joined.back().first + joined.back().count) {
      joined.push_back(run);
      continue;
    }
    BlockRun& last = joined.back();
    const std::uint64_t end = std::max(last.first + last.count, run.first + run.count);
    if (end - last.first > UINT32_MAX) {
      joined.push_back(run);
    } else {
      last.count = static_cast<std::uint32_t>(end - last.first);
    }
  }
  return joined;
}

base::Result<std::optional<StoredFlow>> Find(SqlWriter& writer, const RowOwner& owner,
                                             const capture::FlowRecord& flow) {
  const std::vector<SqlValue> values{owner.sensor_id, NumberValue(flow.id.epoch),
                                     NumberValue(flow.id.number)};
  std::optional<StoredFlow> found;
  TAPIARY_TRY(writer.Query(
      "SELECT id, part, blocks FROM flows WHERE sensor_id = ? AND epoch = ? AND number = ?", values,
      [&found](const SqlRow& row) {
        found = StoredFlow{row.Int(0), row.Int(1), ParseBlocks(row.Text(2))};
        return false;
      }));
  return found;
}

// The columns that a newer part changes, in the order of kChanging.
std::vector<SqlValue> ChangingValues(const RowOwner& owner, const capture::FlowRecord& flow) {
  return {
      NumberValue(flow.part),
      NumberValue(flow.stream),
      TextValue(flow.interface),
      flow.start_ns,
      flow.end_ns,
      NumberValue(flow.proto),
      NumberValue(flow.ether_type),
      flow.vlans.empty() ? SqlValue(nullptr) : NumberValue(flow.vlans.front()),
      AddressValue(flow.orig.ip),
      NumberValue(flow.orig.port),
      AddressValue(flow.resp.ip),
      NumberValue(flow.resp.port),
      NumberValue(flow.orig.packets),
      NumberValue(flow.orig.bytes),
      NumberValue(flow.resp.packets),
      NumberValue(flow.resp.bytes),
      TextValue(flow.community_id),
      TextValue(flow.service),
      NumberValue(flow.transactions),
      NumberValue(flow.commands),
      owner.received_ns,
      BlocksJson(flow.blocks),
      capture::ToJson(flow, owner.sensor),
  };
}

#define TAPIARY_CHANGING                                                                     \
  "part, stream, interface, start_ns, end_ns, proto, ether_type, vlan, orig_ip, orig_port, " \
  "resp_ip, resp_port, orig_packets, orig_bytes, resp_packets, resp_bytes, community_id, "   \
  "service, transactions, commands, received_ns, blocks, record"
#define TAPIARY_23 "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"

base::Result<> Insert(SqlWriter& writer, const RowOwner& owner, const capture::FlowRecord& flow) {
  std::vector<SqlValue> values = ChangingValues(owner, flow);
  values.insert(values.end(),
                {owner.sensor_id, NumberValue(flow.id.epoch), NumberValue(flow.id.number)});
  TAPIARY_TRY(writer.Execute("INSERT INTO flows (" TAPIARY_CHANGING
                             ", sensor_id, epoch, number) VALUES (" TAPIARY_23 ", ?, ?, ?)",
                             values));
  return {};
}

base::Result<> Replace(SqlWriter& writer, const RowOwner& owner, std::int64_t id,
                       const capture::FlowRecord& flow) {
  std::vector<SqlValue> values = ChangingValues(owner, flow);
  values.emplace_back(id);
  TAPIARY_TRY(writer.Execute(
      "UPDATE flows SET (" TAPIARY_CHANGING ") = (" TAPIARY_23 ") WHERE id = ?", values));
  return {};
}

#undef TAPIARY_CHANGING
#undef TAPIARY_23

}  // namespace

base::Result<> AddFlow(SqlWriter& writer, const RowOwner& owner, capture::FlowRecord flow) {
  TAPIARY_ASSIGN(auto stored, Find(writer, owner, flow));
  if (!stored) {
    flow.blocks = Join(std::move(flow.blocks));
    return Insert(writer, owner, flow);
  }
  flow.blocks.insert(flow.blocks.end(), stored->blocks.begin(), stored->blocks.end());
  flow.blocks = Join(std::move(flow.blocks));
  if (static_cast<std::int64_t>(flow.part) > stored->part) {
    return Replace(writer, owner, stored->id, flow);
  }
  const std::string blocks = BlocksJson(flow.blocks);
  const std::vector<SqlValue> values{blocks, blocks, stored->id};
  TAPIARY_TRY(writer.Execute(
      "UPDATE flows SET blocks = ?, record = json_set(record, '$.blocks', json(?)) WHERE id = ?",
      values));
  return {};
}

}  // namespace tapiary::server
