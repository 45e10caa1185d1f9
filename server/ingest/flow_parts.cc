#include "server/ingest/flow_parts.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "capture/packet.h"
#include "server/catalog/address_filter.h"
#include "server/catalog/address_list.h"
#include "server/ingest/flow_record.h"
#include "server/query/value.h"

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
  std::int64_t part = 0;
  std::int64_t received_ns = 0;
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
          {Int(AmountValue(flow.orig.packets)), Int(AmountValue(flow.orig.bytes)),
           Int(AmountValue(flow.resp.packets)), Int(AmountValue(flow.resp.bytes))}};
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

#define TAPIARY_KEY "sensor_id = ? AND epoch = ? AND number = ?"

base::Result<std::optional<StoredFlow>> Find(SqlWriter& writer, std::int64_t sensor_id,
                                             const capture::FlowRecord& flow) {
  const std::vector<SqlValue> values{sensor_id, NumberValue(flow.id.epoch),
                                     NumberValue(flow.id.number)};
  std::optional<StoredFlow> found;
  TAPIARY_TRY(writer.Query(
      "SELECT part, blocks, start_ns, proto, ether_type, orig_ip, orig_port, "
      "json_extract(record, '$.orig.mac'), resp_ip, resp_port, json_extract(record, "
      "'$.resp.mac'), community_id, orig_packets, orig_bytes, resp_packets, resp_bytes, "
      "received_ns FROM flows WHERE " TAPIARY_KEY,
      values, [&found](const SqlRow& row) {
        found = StoredFlow{row.Int(0), row.Int(16), ParseBlocks(row.Text(1)), {}};
        found->facts = {row.Int(2),
                        row.Int(3),
                        row.Int(4),
                        EndText(row.Blob(5), row.Int(6), row.Text(7)) +
                            EndText(row.Blob(8), row.Int(9), row.Text(10)),
                        std::string(row.Text(11)),
                        {row.Int(12), row.Int(13), row.Int(14), row.Int(15)}};
        return false;
      }));
  return found;
}

#define TAPIARY_CHANGING                                                                     \
  "part, stream, interface, start_ns, end_ns, proto, ether_type, vlan, orig_ip, orig_port, " \
  "resp_ip, resp_port, orig_packets, orig_bytes, resp_packets, resp_bytes, community_id, "   \
  "service, transactions, commands, received_ns, blocks, record"
#define TAPIARY_23 "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"

base::Result<> Replace(SqlWriter& writer, std::int64_t sensor_id, std::int64_t received_ns,
                       const capture::FlowRecord& flow) {
  std::vector<SqlValue> values;
  AppendFlowValues(sensor_id, flow, received_ns, &values);
  std::ranges::rotate(values, values.begin() + kFlowKeys);
  TAPIARY_TRY(writer.Execute(
      "UPDATE flows SET (" TAPIARY_CHANGING ") = (" TAPIARY_23 ") WHERE " TAPIARY_KEY, values));
  return {};
}

// Records of the catalog's first version have the blocks as well.
base::Result<> SetBlocks(SqlWriter& writer, std::int64_t sensor_id,
                         const capture::FlowRecord& flow) {
  const std::string blocks = BlocksJson(Join(flow.blocks));
  const std::vector<SqlValue> values{blocks, blocks, sensor_id, NumberValue(flow.id.epoch),
                                     NumberValue(flow.id.number)};
  TAPIARY_TRY(writer.Execute(
      "UPDATE flows SET blocks = ?, record = CASE WHEN json_extract(record, '$.id') IS NULL THEN "
      "record ELSE json_set(record, '$.blocks', json(?)) END WHERE " TAPIARY_KEY,
      values));
  return {};
}

}  // namespace

std::string_view FlowColumns() {
  return "sensor_id, epoch, number, " TAPIARY_CHANGING;
}

#undef TAPIARY_CHANGING
#undef TAPIARY_23
#undef TAPIARY_KEY

void AppendFlowValues(std::int64_t sensor_id, const capture::FlowRecord& flow,
                      std::int64_t received_ns, std::vector<SqlValue>* values) {
  const auto add = [values](auto&& value) {
    values->emplace_back(std::forward<decltype(value)>(value));
  };
  add(sensor_id);
  for (const std::uint64_t number :
       {flow.id.epoch, flow.id.number, std::uint64_t{flow.part}, std::uint64_t{flow.stream}}) {
    add(NumberValue(number));
  }
  add(TextValue(flow.interface));
  add(flow.start_ns);
  add(flow.end_ns);
  add(NumberValue(flow.proto));
  add(NumberValue(flow.ether_type));
  add(flow.vlans.empty() ? SqlValue(nullptr) : NumberValue(flow.vlans.front()));
  add(AddressValue(flow.orig.ip));
  add(NumberValue(flow.orig.port));
  add(AddressValue(flow.resp.ip));
  add(NumberValue(flow.resp.port));
  for (const std::uint64_t amount :
       {flow.orig.packets, flow.orig.bytes, flow.resp.packets, flow.resp.bytes}) {
    add(AmountValue(amount));
  }
  add(TextValue(flow.community_id));
  add(TextValue(flow.service));
  add(NumberValue(flow.transactions));
  add(NumberValue(flow.commands));
  add(received_ns);
  add(BlocksJson(Join(flow.blocks)));
  add(CompactRecord(flow));
}

base::Result<Added> AddPart(SqlWriter& writer, std::int64_t sensor_id, std::int64_t received_ns,
                            capture::FlowRecord flow, BatchChanges* changes) {
  TAPIARY_ASSIGN(auto stored, Find(writer, sensor_id, flow));
  if (!stored) {
    return base::MakeError(base::ErrorCode::kUnavailable, "catalog: a flow came and went");
  }
  if (!Continues(*stored, flow.part, FactsOf(flow))) return Added::kContradicts;
  flow.blocks.insert(flow.blocks.end(), stored->blocks.begin(), stored->blocks.end());
  if (static_cast<std::int64_t>(flow.part) <= stored->part) {
    TAPIARY_TRY(SetBlocks(writer, sensor_id, flow));
    return Added::kYes;
  }
  TAPIARY_TRY(Replace(writer, sensor_id, received_ns, flow));
  BatchTotals& left = (*changes)[stored->received_ns];
  const auto& had = stored->facts.totals;
  left.flows -= 1;
  left.packets -= static_cast<double>(had[0]) + static_cast<double>(had[2]);
  left.bytes -= static_cast<double>(had[1]) + static_cast<double>(had[3]);
  CountFlow(flow, &(*changes)[received_ns]);
  return Added::kYes;
}

void CountFlow(const capture::FlowRecord& flow, BatchTotals* totals) {
  totals->flows += 1;
  totals->packets +=
      static_cast<double>(flow.orig.packets) + static_cast<double>(flow.resp.packets);
  totals->bytes += static_cast<double>(flow.orig.bytes) + static_cast<double>(flow.resp.bytes);
}

// In the order of time, so that two collectors cannot wait for each other.
base::Result<> StoreChanges(SqlWriter& writer, const BatchChanges& changes) {
  for (const auto& [received_ns, totals] : changes) {
    if (totals.flows == 0 && totals.packets == 0 && totals.bytes == 0) continue;
    const std::vector<SqlValue> values{received_ns, totals.flows, totals.packets, totals.bytes};
    TAPIARY_TRY(writer.Execute(
        "INSERT INTO flow_batches (received_ns, flows, packets, bytes) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (received_ns) DO UPDATE SET flows = flow_batches.flows + excluded.flows, "
        "packets = flow_batches.packets + excluded.packets, "
        "bytes = flow_batches.bytes + excluded.bytes",
        values));
    if (totals.flows >= 0) continue;
    const std::vector<SqlValue> key{received_ns};
    TAPIARY_TRY(
        writer.Execute("DELETE FROM flow_batches WHERE received_ns = ? AND flows <= 0", key));
    for (const char* const table : {"flow_addresses", "flow_ends"}) {
      TAPIARY_TRY(
          writer.Execute(fmt::format("DELETE FROM {0} WHERE received_ns = ? AND NOT EXISTS (SELECT "
                                     "1 FROM flow_batches b WHERE b.received_ns = {0}.received_ns)",
                                     table),
                         key));
    }
  }
  return {};
}

BatchAddresses AddressesOf(std::span<const capture::FlowRecord> flows) {
  std::vector<std::int64_t> hashes;
  std::array<std::vector<AddressEntry>, 2> ends;
  hashes.reserve(2 * flows.size());
  for (auto& end : ends) end.reserve(flows.size());
  for (const capture::FlowRecord& flow : flows) {
    const std::int64_t number = Int(NumberValue(flow.id.number));
    const std::array<const capture::IpAddress*, 2> ips{&flow.orig.ip, &flow.resp.ip};
    for (std::size_t side = 0; side < ips.size(); ++side) {
      if (ips[side]->version == 0) continue;
      const AddressKey key = ToAddressKey(*ips[side]);
      hashes.push_back(AddressHash(key));
      ends[side].push_back({key, number});
    }
  }
  return {MakeAddressFilter(std::move(hashes)), MakeAddressList(std::move(ends[0])),
          MakeAddressList(std::move(ends[1]))};
}

base::Result<> StoreAddresses(SqlWriter& writer, std::int64_t received_ns,
                              BatchAddresses addresses) {
  const auto value = [](std::vector<std::uint8_t>& list) {
    return list.empty() ? SqlValue(nullptr) : SqlValue(std::move(list));
  };
  const std::vector<SqlValue> filter{received_ns, std::move(addresses.filter)};
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO flow_addresses (received_ns, filter) VALUES (?, ?) ON CONFLICT (received_ns) "
      "DO UPDATE SET filter = NULL",
      filter));
  if (!writer.has_address_lists()) return {};
  const std::vector<SqlValue> lists{received_ns, value(addresses.orig), value(addresses.resp)};
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO flow_ends (received_ns, orig, resp) VALUES (?, ?, ?) ON CONFLICT (received_ns) "
      "DO UPDATE SET orig = NULL, resp = NULL",
      lists));
  return {};
}

}  // namespace tapiary::server
