#include "capture/flow/flow.h"

#include <algorithm>
#include <bit>

#include "capture/flow/community_id.h"
#include "capture/flow/ports.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kMaxAnomalyNames = 16;
constexpr std::size_t kMaxCounterNames = 32;
constexpr std::uint8_t kTcp = 6, kUdp = 17;

FlowEnd MakeEnd(const FlowHot& hot, const FlowCold& cold, std::uint8_t side) {
  FlowEnd end;
  const FlowSide& rare = RareOf(cold).sides[side];
  const SideTotals totals = TotalsOf(hot, cold, side);
  end.ip = EndAddress(hot.key, side);
  if (hot.key.kind == KeyKind::kIpPorts) end.port = EndPort(hot.key, side);
  end.mac = cold.macs[side];
  end.packets = totals.packets;
  end.bytes = totals.bytes;
  end.payload_bytes = totals.payload;
  end.tcp_flags = hot.tcp_flags[side];
  end.missed_bytes = rare.missed;
  end.retransmitted = rare.retransmitted;
  return end;
}

// What an OT decoder proved wins over labels, and these over the port.
void NameService(const FlowHot& hot, const FlowRare& rare, FlowRecord& record) {
  if (!rare.service.empty()) {
    record.service = rare.service;
    record.service_by = "content";
    return;
  }
  if (rare.labelling && !rare.labelling->labels.service.empty()) {
    const FlowLabels& labels = rare.labelling->labels;
    record.service = labels.service;
    record.service_by = "content";
    record.labels = labels.texts;
    return;
  }
  record.service = UsualService(hot.key);
  if (!record.service.empty()) record.service_by = "port";
}

void CopyRare(const FlowRare& rare, FlowRecord& record) {
  for (const TunnelLayer& layer : rare.tunnels) record.tunnels.push_back(ToString(layer));
  if (rare.noise != nullptr) record.noise = rare.noise->name;
  record.truncated = rare.truncated;
  record.bad_checksums = rare.bad_checksums;
  record.duplicates = rare.duplicates;
  record.transactions = rare.transactions;
  record.commands = rare.commands;
  for (const auto& [name, count] : rare.anomalies) record.anomalies.emplace_back(name, count);
  for (const auto& [name, count] : rare.counters) record.counters.emplace_back(name, count);
}

void CountDeltas(const FlowCold& cold, FlowRecord& record, std::uint8_t orig) {
  const FlowRare& rare = RareOf(cold);
  const FlowEnd* const ends[2] = {&record.orig, &record.resp};
  for (int i = 0; i < 2; ++i) {
    const FlowSide& side = rare.sides[i == 0 ? orig : orig ^ 1];
    record.delta_packets[i] = ends[i]->packets - side.part_packets;
    record.delta_bytes[i] = ends[i]->bytes - side.part_bytes;
  }
}

void MarkPart(FlowHot& hot, FlowCold& cold) {
  FoldCounters(hot, cold);
  FlowRare& rare = MakeRare(cold);
  ++rare.part;
  for (FlowSide& side : rare.sides) {
    side.part_packets = side.packets;
    side.part_bytes = side.bytes;
  }
}

// Flows with packets in few blocks that lie apart have these as FlowHot::block_bits: kApart, and
// three blocks as their distance from the first one, 0 for none.
constexpr std::uint64_t kApart = std::uint64_t{1} << 63;
constexpr int kApartWidth = 21;
constexpr std::uint64_t kApartMask = (std::uint64_t{1} << kApartWidth) - 1;

// False: no room.
bool AddApart(std::uint64_t& bits, std::uint64_t ahead) {
  for (int shift = 0; shift < 3 * kApartWidth; shift += kApartWidth) {
    const std::uint64_t known = bits >> shift & kApartMask;
    if (known == ahead) return true;
    if (known != 0) continue;
    bits |= ahead << shift;
    return true;
  }
  return false;
}

// The same blocks as distances, of bits of which at most three are set.
std::uint64_t SetApart(std::uint64_t bits) {
  std::uint64_t apart = kApart;
  for (bits &= bits - 1; bits != 0; bits &= bits - 1) {
    AddApart(apart, static_cast<std::uint64_t>(std::countr_zero(bits)));
  }
  return apart;
}

bool NoteApart(FlowHot& hot, std::uint64_t block) {
  const std::uint32_t ahead = static_cast<std::uint32_t>(block) - hot.block_base;
  if (ahead == 0) return true;
  if (ahead > kApartMask) return false;
  if ((hot.block_bits & kApart) == 0) {
    if (std::popcount(hot.block_bits) > 3) return false;
    hot.block_bits = SetApart(hot.block_bits);
  }
  return AddApart(hot.block_bits, ahead);
}

// Moves the blocks noted in the hot half to `list`.
void TakeNoted(FlowHot& hot, const FlowCold& cold, BlockList& list) {
  const std::uint64_t high = cold.block_high;
  const std::uint64_t base = high << 32 | hot.block_base;
  const std::uint64_t bits = std::exchange(hot.block_bits, 0);
  if (bits == 0) return;
  if ((bits & kApart) == 0) return list.Add(BlockWindow{base, bits});
  list.Add(BlockWindow{base, 1});
  for (int shift = 0; shift < 3 * kApartWidth; shift += kApartWidth) {
    const std::uint64_t ahead = bits >> shift & kApartMask;
    if (ahead != 0) list.Add(BlockWindow{base + ahead, 1});
  }
}

}  // namespace

void FoldCounters(FlowHot& hot, FlowCold& cold) {
  FlowRare& rare = MakeRare(cold);
  for (int side = 0; side < 2; ++side) {
    rare.sides[side].packets += std::exchange(hot.packets[side], 0);
    rare.sides[side].bytes += std::exchange(hot.bytes[side], 0);
    rare.sides[side].payload += std::exchange(hot.payload[side], 0);
  }
}

SideTotals TotalsOf(const FlowHot& hot, const FlowCold& cold, std::uint8_t side) {
  const FlowSide& folded = RareOf(cold).sides[side];
  return {folded.packets + hot.packets[side], folded.bytes + hot.bytes[side],
          folded.payload + hot.payload[side]};
}

void CountAnomaly(FlowCold& cold, std::string_view name) {
  auto& anomalies = MakeRare(cold).anomalies;
  for (auto& [known, count] : anomalies) {
    if (known == name) {
      ++count;
      return;
    }
  }
  if (anomalies.size() < kMaxAnomalyNames) anomalies.emplace_back(name, 1);
}

void AddCounter(FlowCold& cold, std::string_view name, std::uint64_t add) {
  auto& counters = MakeRare(cold).counters;
  for (auto& [known, count] : counters) {
    if (known == name) {
      count += add;
      return;
    }
  }
  if (counters.size() < kMaxCounterNames) counters.emplace_back(name, add);
}

void NoteFarBlock(FlowHot& hot, FlowCold& cold, std::uint64_t block) {
  if (hot.block_bits != 0) {
    if (NoteApart(hot, block)) return;
    TakeNoted(hot, cold, MakeMore(cold).blocks);
  }
  hot.block_base = static_cast<std::uint32_t>(block);
  cold.block_high = (block >> 32) & FlowCold::kMaxBlockHigh;
  hot.block_bits = 1;
}

std::vector<BlockRun> TakeBlocks(FlowHot& hot, FlowCold& cold) {
  BlockList few;
  BlockList& list = cold.more ? cold.more->blocks : few;
  TakeNoted(hot, cold, list);
  return list.Take();
}

void MergeBlocks(FlowHot& from_hot, FlowCold& from, FlowHot& to_hot, FlowCold& to) {
  const std::vector<BlockRun> runs = TakeBlocks(from_hot, from);
  if (runs.empty()) return;
  BlockList& list = MakeMore(to).blocks;
  TakeNoted(to_hot, to, list);
  for (const BlockRun& run : runs) list.Add(run);
}

IpAddress EndAddress(const FlowKey& key, std::uint8_t side) {
  IpAddress address;
  if (key.ip_version == 0) return address;
  address.version = key.ip_version;
  address.bytes = side == 0 ? key.low : key.high;
  return address;
}

std::uint16_t EndPort(const FlowKey& key, std::uint8_t side) {
  return side == 0 ? key.low_port : key.high_port;
}

std::string FlowCommunityId(const FlowKey& key, bool one_way) {
  if (key.ip_version == 0 || key.kind == KeyKind::kFragment) return {};
  return CommunityId(EndAddress(key, 0), EndAddress(key, 1), key.low_port, key.high_port, key.proto,
                     one_way);
}

std::string_view UsualService(const FlowKey& key) {
  if (key.kind != KeyKind::kIpPorts || (key.proto != kTcp && key.proto != kUdp)) return {};
  const int server = ServerByPort(key.proto, key.low_port, key.high_port);
  if (server < 0) return {};
  return ServiceByPort(key.proto, EndPort(key, static_cast<std::uint8_t>(server)));
}

FlowRecord ExportFlow(FlowHot& hot, FlowCold& cold, const ExportContext& context, EndReason reason,
                      bool last) {
  const FlowRare& rare = RareOf(cold);
  FlowRecord record;
  record.id = context.id;
  record.part = rare.part;
  record.stream = context.first_stream + hot.key.interface;
  record.interface = context.interface;
  record.start_ns = cold.start_ns;
  record.end_ns = std::max(hot.last_ns, rare.end_ns);
  record.proto = hot.key.proto;
  record.ether_type = hot.key.ether_type;
  record.vlans.assign(hot.key.vlans.begin(), hot.key.vlans.begin() + hot.key.vlan_count);
  const std::uint8_t orig = hot.orig_side();
  record.orig = MakeEnd(hot, cold, orig);
  record.resp = MakeEnd(hot, cold, orig ^ 1);
  CountDeltas(cold, record, orig);
  record.community_id =
      rare.community_id.empty() ? FlowCommunityId(hot.key, cold.one_way) : rare.community_id;
  NameService(hot, rare, record);
  record.role_by = hot.role_by;
  record.tcp_state = hot.state;
  record.end_reason = reason;
  record.last = last;
  CopyRare(rare, record);
  record.blocks = TakeBlocks(hot, cold);
  if (!last) MarkPart(hot, cold);
  hot.Set(kRoleFrozen);
  return record;
}

}  // namespace tapiary::capture
