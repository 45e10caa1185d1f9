#include "capture/flow/flow.h"

#include <algorithm>
#include <bit>

#include "capture/flow/community_id.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kMaxAnomalyNames = 16;
constexpr std::size_t kMaxCounterNames = 32;
constexpr std::size_t kMaxBlockRuns = 4096;
constexpr std::size_t kFirstBlockWindows = 4;
constexpr std::size_t kMaxBlockWindows = 4096;

FlowEnd MakeEnd(const FlowHot& hot, const FlowCold& cold, std::uint8_t side) {
  FlowEnd end;
  const FlowSide& from = cold.sides[side];
  end.ip = EndAddress(hot.key, side);
  if (hot.key.kind == KeyKind::kIpPorts) end.port = EndPort(hot.key, side);
  end.mac = from.mac;
  end.packets = from.packets;
  end.bytes = from.bytes;
  end.payload_bytes = from.payload;
  end.tcp_flags = hot.tcp_flags[side];
  end.missed_bytes = from.missed;
  end.retransmitted = from.retransmitted;
  return end;
}

// What an OT decoder proved wins over labels.
void AddLabels(const FlowCold& cold, FlowRecord& record) {
  if (!cold.labelling || cold.service_by == "content") return;
  const FlowLabels& labels = cold.labelling->labels;
  if (labels.service.empty()) return;
  record.service = labels.service;
  record.service_by = "content";
  record.labels = labels.texts;
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

}  // namespace

void FoldCounters(FlowHot& hot, FlowCold& cold) {
  for (int side = 0; side < 2; ++side) {
    cold.sides[side].packets += std::exchange(hot.packets[side], 0);
    cold.sides[side].bytes += std::exchange(hot.bytes[side], 0);
    cold.sides[side].payload += std::exchange(hot.payload[side], 0);
  }
}

void CountAnomaly(FlowCold& cold, std::string_view name) {
  for (auto& [known, count] : cold.anomalies) {
    if (known == name) {
      ++count;
      return;
    }
  }
  if (cold.anomalies.size() < kMaxAnomalyNames) cold.anomalies.emplace_back(name, 1);
}

void AddCounter(FlowCold& cold, std::string_view name, std::uint64_t add) {
  for (auto& [known, count] : cold.counters) {
    if (known == name) {
      count += add;
      return;
    }
  }
  if (cold.counters.size() < kMaxCounterNames) cold.counters.emplace_back(name, add);
}

void FoldBlocks(FlowHot& hot, FlowCold& cold) {
  if (hot.block_bits == 0) return;
  const std::uint64_t first = std::uint64_t{cold.block_high} << 32 | hot.block_base;
  AddWindow(cold.blocks, {first, std::exchange(hot.block_bits, 0)});
}

std::vector<BlockRun> TakeBlocks(FlowHot& hot, FlowCold& cold) {
  FoldBlocks(hot, cold);
  std::vector<BlockRun> runs;
  for (const BlockWindow& window : cold.blocks) {
    if (window.bits != 0) {
      AddRuns(runs, window);
    } else if (const std::uint64_t end = runs.back().first + runs.back().count;
               window.first > end) {
      AddRun(runs, {end, static_cast<std::uint32_t>(
                             std::min<std::uint64_t>(window.first - end, UINT32_MAX))});
    }
  }
  cold.blocks.clear();
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

FlowRecord ExportFlow(FlowHot& hot, FlowCold& cold, const ExportContext& context, EndReason reason,
                      bool last) {
  FoldCounters(hot, cold);
  FlowRecord record;
  record.id = {context.epoch, cold.number};
  record.part = cold.part++;
  record.stream = context.first_stream + hot.key.interface;
  record.interface = context.interface;
  record.start_ns = cold.start_ns;
  record.end_ns = std::max(hot.last_ns, cold.end_ns);
  record.proto = hot.key.proto;
  record.ether_type = hot.key.ether_type;
  record.vlans.assign(hot.key.vlans.begin(), hot.key.vlans.begin() + hot.key.vlan_count);
  for (const TunnelLayer& layer : cold.tunnels) record.tunnels.push_back(ToString(layer));
  const std::uint8_t orig = hot.orig_side();
  const std::uint8_t resp = orig ^ 1;
  record.orig = MakeEnd(hot, cold, orig);
  record.resp = MakeEnd(hot, cold, resp);
  for (int i = 0; i < 2; ++i) {
    FlowSide& side = cold.sides[i == 0 ? orig : resp];
    record.delta_packets[i] = side.packets - std::exchange(side.part_packets, side.packets);
    record.delta_bytes[i] = side.bytes - std::exchange(side.part_bytes, side.bytes);
  }
  record.community_id =
      cold.community_id.empty() ? FlowCommunityId(hot.key, cold.one_way) : cold.community_id;
  record.service = cold.service;
  record.service_by = cold.service_by;
  AddLabels(cold, record);
  if (cold.noise != nullptr) record.noise = cold.noise->name;
  record.role_by = hot.role_by;
  record.tcp_state = hot.state;
  record.end_reason = reason;
  record.last = last;
  record.truncated = cold.truncated;
  record.bad_checksums = cold.bad_checksums;
  record.duplicates = cold.duplicates;
  record.transactions = cold.transactions;
  record.commands = cold.commands;
  for (const auto& [name, count] : cold.anomalies) record.anomalies.emplace_back(name, count);
  for (const auto& [name, count] : cold.counters) record.counters.emplace_back(name, count);
  record.blocks = TakeBlocks(hot, cold);
  hot.Set(kRoleFrozen);
  return record;
}

}  // namespace tapiary::capture
