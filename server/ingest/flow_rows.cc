// Rows of flows: one a flow, made of parts that may come in any order.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/text.h"
#include "capture/packet.h"
#include "capture/record_json.h"
#include "server/ingest/rows.h"

namespace tapiary::server {
namespace {

using capture::BlockRun;

// What no later part of a flow may change, and the totals, which only grow.
struct Facts {
  std::int64_t start_ns = 0;
  std::int64_t proto = 0;
  std::int64_t ether_type = 0;
  std::string ends;  // the originator's end, the responder's: address, port, MAC without an address
  std::string community_id;
  std::array<std::int64_t, 4> totals{};
};

struct StoredFlow {
  std::int64_t id = 0;
  std::int64_t part = 0;
  std::vector<BlockRun> blocks;
  Facts facts;
};

std::int64_t Int(const SqlValue& value) {
  return std::get<std::int64_t>(value);
}

std::string EndText(base::Bytes ip, std::int64_t port, std::string_view mac) {
  return fmt::format("{} {} {};", base::AsText(ip), port, ip.empty() ? mac : "");
}

std::string EndText(const capture::FlowEnd& end) {
  std::vector<std::uint8_t> key;
  if (end.ip.version != 0) key = std::get<std::vector<std::uint8_t>>(AddressValue(end.ip));
  const bool no_mac = end.mac == capture::MacAddress{};
  return EndText(key, end.port, no_mac ? std::string() : capture::FormatMac(end.mac));
}

Facts FactsOf(const capture::FlowRecord& flow) {
  return {flow.start_ns,
          flow.proto,
          flow.ether_type,
          EndText(flow.orig) + EndText(flow.resp),
          base::EscapeBytes(flow.community_id),
          {Int(NumberValue(flow.orig.packets)), Int(NumberValue(flow.orig.bytes)),
           Int(NumberValue(flow.resp.packets)), Int(NumberValue(flow.resp.bytes))}};
}

// The same flow, and totals that did not shrink with the part's number.
bool Continues(const StoredFlow& stored, std::int64_t part, const Facts& facts) {
  const Facts& had = stored.facts;
  if (had.proto != facts.proto || had.ether_type != facts.ether_type || had.ends != facts.ends ||
      had.community_id != facts.community_id) {
    return false;
  }
  // A flow that began with packets without a time gets its start later.
  const bool open =
      had.start_ns == capture::kTimeUnknown || facts.start_ns == capture::kTimeUnknown;
  if (had.start_ns != facts.start_ns && !open) return false;
  for (std::size_t i = 0; i < facts.totals.size(); ++i) {
    if (part >= stored.part && facts.totals[i] < had.totals[i]) return false;
    if (part <= stored.part && facts.totals[i] > had.totals[i]) return false;
  }
  return true;
}

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
  TAPIARY_TRY(
      writer.Query("SELECT id, part, blocks, start_ns, proto, ether_type, orig_ip, orig_port, "
                   "json_extract(record, '$.orig.mac'), resp_ip, resp_port, json_extract(record, "
                   "'$.resp.mac'), community_id, "
                   "orig_packets, orig_bytes, resp_packets, resp_bytes "
                   "FROM flows WHERE sensor_id = ? AND epoch = ? AND number = ?",
                   values, [&found](const SqlRow& row) {
                     found = StoredFlow{row.Int(0), row.Int(1), ParseBlocks(row.Text(2)), {}};
                     found->facts = {row.Int(3),
                                     row.Int(4),
                                     row.Int(5),
                                     EndText(row.Blob(6), row.Int(7), row.Text(8)) +
                                         EndText(row.Blob(9), row.Int(10), row.Text(11)),
                                     std::string(row.Text(12)),
                                     {row.Int(13), row.Int(14), row.Int(15), row.Int(16)}};
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

base::Result<Added> AddFlow(SqlWriter& writer, const RowOwner& owner, capture::FlowRecord flow) {
  TAPIARY_ASSIGN(auto stored, Find(writer, owner, flow));
  if (!stored) {
    flow.blocks = Join(std::move(flow.blocks));
    TAPIARY_TRY(Insert(writer, owner, flow));
    return Added::kYes;
  }
  if (!Continues(*stored, flow.part, FactsOf(flow))) return Added::kContradicts;
  flow.blocks.insert(flow.blocks.end(), stored->blocks.begin(), stored->blocks.end());
  flow.blocks = Join(std::move(flow.blocks));
  if (static_cast<std::int64_t>(flow.part) > stored->part) {
    TAPIARY_TRY(Replace(writer, owner, stored->id, flow));
    return Added::kYes;
  }
  const std::string blocks = BlocksJson(flow.blocks);
  const std::vector<SqlValue> values{blocks, blocks, stored->id};
  TAPIARY_TRY(writer.Execute(
      "UPDATE flows SET blocks = ?, record = json_set(record, '$.blocks', json(?)) WHERE id = ?",
      values));
  return Added::kYes;
}

}  // namespace tapiary::server
