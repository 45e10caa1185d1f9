#include "capture/flow/flow.h"

#include <algorithm>
#include <bit>

#include "capture/flow/community_id.h"
#include "capture/flow/ports.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kMaxAnomalyNames = 16;
constexpr std::size_t kMaxCounterNames = 32;
constexpr std::size_t kMaxBlockRuns = 4096;
constexpr std::size_t kFirstBlockWindows = 4;
constexpr std::size_t kMaxBlockWindows = 4096;
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

// Merges a run into the list, the last run first.
void AddRun(std::vector<BlockRun>& runs, BlockRun run) {
  if (!runs.empty()) {
    BlockRun& last = runs.back();
    const std::uint64_t end = std::max(last.first + last.count, run.first + run.count);
    const bool touches = run.first >= last.first && run.first <= last.first + last.count;
    const bool widen = runs.size() >= kMaxBlockRuns && run.first >= last.first;
    if ((touches || widen) && end - last.first <= UINT32_MAX) {
      last.count = static_cast<std::uint32_t>(end - last.first);
      return;
    }
  }
  runs.push_back(run);
}

void AddRuns(std::vector<BlockRun>& runs, const BlockWindow& window) {
  std::uint64_t first = window.first;
  for (std::uint64_t bits = window.bits; bits != 0;) {
    const int skip = std::countr_zero(bits);
    bits >>= skip;
    const int count = std::countr_one(bits);
    first += static_cast<std::uint64_t>(skip);
    AddRun(runs, {first, static_cast<std::uint32_t>(count)});
    first += static_cast<std::uint64_t>(count);
    bits = count == 64 ? 0 : bits >> count;
  }
}

// The list is full: its last entry stands for all that comes, or the whole list does for what comes
// from before.
void Widen(std::vector<BlockWindow>& windows, const BlockWindow& next) {
  std::uint64_t end = next.first + static_cast<std::uint64_t>(std::bit_width(next.bits));
  if (windows.back().bits == 0) {
    end = std::max(end, windows.back().first);
    windows.pop_back();
  }
  if (next.first < windows.back().first) {
    std::uint64_t first = next.first;
    for (const BlockWindow& window : windows) {
      first = std::min(first, window.first);
      end = std::max(end, window.first + 64);
    }
    windows = {{first, 1}};
  }
  windows.push_back({end, 0});
}

void AddWindow(std::vector<BlockWindow>& windows, BlockWindow next) {
  if (!windows.empty()) {
    BlockWindow& last = windows.back();
    const std::uint64_t ahead = next.first - last.first;
    if (last.bits != 0 && ahead < 64) {
      last.bits |= next.bits << ahead;
      next = {last.first + 64, ahead == 0 ? 0 : next.bits >> (64 - ahead)};
      if (next.bits == 0) return;
    }
  }
  if (windows.size() >= kMaxBlockWindows) return Widen(windows, next);
  if (windows.empty()) windows.reserve(kFirstBlockWindows);
  windows.push_back(next);
}

BlockWindow TakeWindow(FlowHot& hot, const FlowCold& cold) {
  const std::uint64_t high = cold.block_high;
  return {high << 32 | hot.block_base, std::exchange(hot.block_bits, 0)};
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

void FoldBlocks(FlowHot& hot, FlowCold& cold) {
  if (hot.block_bits != 0) AddWindow(MakeMore(cold).blocks, TakeWindow(hot, cold));
}

std::vector<BlockRun> TakeBlocks(FlowHot& hot, FlowCold& cold) {
  std::vector<BlockRun> runs;
  if (!cold.more || cold.more->blocks.empty()) {
    AddRuns(runs, TakeWindow(hot, cold));
    return runs;
  }
  FoldBlocks(hot, cold);
  for (const BlockWindow& window : cold.more->blocks) {
    if (window.bits != 0) {
      AddRuns(runs, window);
    } else if (const std::uint64_t end = runs.back().first + runs.back().count;
               window.first > end) {
      AddRun(runs, {end, static_cast<std::uint32_t>(
                             std::min<std::uint64_t>(window.first - end, UINT32_MAX))});
    }
  }
  cold.more->blocks.clear();
  return runs;
}

void MergeBlocks(FlowHot& from_hot, FlowCold& from, FlowHot& to_hot, FlowCold& to) {
  for (const BlockRun& run : TakeBlocks(from_hot, from)) {
    for (std::uint64_t done = 0; done < run.count; ++done)
      NoteFlowBlock(to_hot, to, run.first + done);
  }
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
  record.id = {context.epoch, cold.number};
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
