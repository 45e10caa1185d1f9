#include "server/api/selectors.h"

#include <algorithm>

#include "server/query/packet_filter.h"

namespace tapiary::server {
namespace {

using capture::FlowKey;
using capture::KeyKind;

StreamKey StreamOf(const StoredSegment& segment) {
  return {segment.sensor_id, segment.epoch, segment.stream};
}

// The key of a packet from the originator, its ends in that order.
FlowKey DirectedKey(const FlowPick& flow) {
  FlowKey key;
  key.vlan_count = static_cast<std::uint8_t>(std::min(flow.vlans.size(), capture::kMaxVlans));
  std::copy_n(flow.vlans.begin(), key.vlan_count, key.vlans.begin());
  if (flow.orig_ip.version == 0) {
    std::copy(flow.orig_mac.begin(), flow.orig_mac.end(), key.low.begin());
    std::copy(flow.resp_mac.begin(), flow.resp_mac.end(), key.high.begin());
    key.ether_type = flow.ether_type < 0x600 ? 0 : flow.ether_type;
    return key;
  }
  key.low = flow.orig_ip.bytes;
  key.high = flow.resp_ip.bytes;
  key.low_port = flow.orig_port;
  key.high_port = flow.resp_port;
  key.proto = flow.proto;
  key.ip_version = flow.orig_ip.version;
  key.kind = flow.has_ports ? KeyKind::kIpPorts : KeyKind::kIpOnly;
  return key;
}

FlowKey Reversed(FlowKey key) {
  std::swap(key.low, key.high);
  std::swap(key.low_port, key.high_port);
  return key;
}

// What all later fragments between two ends have in common, in the direction of the packet.
FlowKey FragmentPair(FlowKey key) {
  key.kind = KeyKind::kFragment;
  key.low_port = key.high_port = 0;
  key.proto = key.ip_version == 4 ? key.proto : std::uint8_t{0};
  return key;
}

// Whether the filter can be true, and whether it can be false, for packets of a sensor.
struct Possible {
  bool yes = true;
  bool no = true;
};

Possible TestSensor(const FilterNode& node, std::string_view sensor) {
  if (node.field == nullptr || node.field->packet != PacketField::kSensor) return {};
  const bool differ = node.op == FilterOp::kNotEqual;
  if (!differ && node.op != FilterOp::kEqual && node.op != FilterOp::kIn) return {};
  const bool same = std::ranges::any_of(
      node.values, [sensor](const FilterValue& value) { return value.text == sensor; });
  return {same != differ, same == differ};
}

Possible ForSensor(const FilterNode& node, std::string_view sensor) {
  switch (node.kind) {
    case FilterNode::Kind::kAlways:
      return {true, false};
    case FilterNode::Kind::kTest:
      return TestSensor(node, sensor);
    case FilterNode::Kind::kNot: {
      const Possible inner = ForSensor(node.children.front(), sensor);
      return {inner.no, inner.yes};
    }
    case FilterNode::Kind::kAnd:
    case FilterNode::Kind::kOr:
      break;
  }
  const bool all = node.kind == FilterNode::Kind::kAnd;
  Possible whole{all, !all};
  for (const FilterNode& child : node.children) {
    const Possible part = ForSensor(child, sensor);
    whole.yes = all ? whole.yes && part.yes : whole.yes || part.yes;
    whole.no = all ? whole.no || part.no : whole.no && part.no;
  }
  return whole;
}

}  // namespace

void FlowSelector::Add(const FlowPick& flow) {
  const StreamKey stream{flow.sensor_id, flow.epoch, flow.stream};
  Keys& keys = keys_[stream];
  // A packet's key has its ends in order, or, for one-way ICMP, as they are: both orders are kept.
  const FlowKey key = DirectedKey(flow);
  const FlowKey reversed = Reversed(key);
  const Span span{flow.start_ns, flow.end_ns};
  from_ns_ = std::min(from_ns_, flow.start_ns);
  to_ns_ = std::max(to_ns_, flow.end_ns);
  keys[key].push_back(span);
  if (!(reversed == key)) keys[reversed].push_back(span);
  if (flow.orig_ip.version != 0) {
    const FlowKey pair = FragmentPair(key);
    keys[pair].push_back(span);
    if (const FlowKey back = Reversed(pair); !(back == pair)) keys[back].push_back(span);
  }
  for (const capture::BlockRun& run : flow.blocks) {
    if (run.count != 0) blocks_[stream].push_back({run.first, run.first + run.count - 1});
  }
  listed_.push_back({{stream, 0, flow.packets, flow.received_ns}, flow.blocks});
}

void FlowSelector::Merge(std::vector<Blocks>* runs) {
  std::sort(runs->begin(), runs->end(),
            [](const Blocks& a, const Blocks& b) { return a.first < b.first; });
  std::vector<Blocks> merged;
  for (const Blocks& run : *runs) {
    if (!merged.empty() && run.first <= merged.back().last + 1) {
      merged.back().last = std::max(merged.back().last, run.last);
    } else {
      merged.push_back(run);
    }
  }
  *runs = std::move(merged);
}

void FlowSelector::Seal() {
  for (auto& [stream, runs] : blocks_) Merge(&runs);
}

void FlowSelector::Found(const StoredSegment& segment) {
  found_[StreamOf(segment)].push_back(
      {segment.first_block, segment.first_block + segment.block_count - 1});
}

std::vector<FlowSelector::Absent> FlowSelector::absent() const {
  BlockMap found = found_;
  for (auto& [stream, runs] : found) Merge(&runs);
  const auto there = [&found](const StreamKey& stream, std::uint64_t first, std::uint64_t last) {
    const std::vector<Blocks>& runs = found[stream];
    const auto after = std::upper_bound(
        runs.begin(), runs.end(), first,
        [](std::uint64_t number, const Blocks& run) { return number < run.first; });
    return after != runs.begin() && std::prev(after)->last >= last;
  };
  std::vector<Absent> absent;
  for (const Listed& listed : listed_) {
    Absent flow = listed.flow;
    bool whole = true;
    for (const capture::BlockRun& run : listed.blocks) {
      if (run.count == 0 || there(flow.stream, run.first, run.first + run.count - 1)) continue;
      whole = false;
      flow.block = std::max(flow.block, run.first + run.count - 1);
    }
    if (!whole) absent.push_back(flow);
  }
  return absent;
}

std::vector<FlowSelector::StreamSpan> FlowSelector::spans() const {
  std::vector<StreamSpan> spans;
  for (const auto& [stream, runs] : blocks_) {
    spans.push_back({stream, runs.front().first, runs.back().last});
  }
  return spans;
}

// The last run that begins at or before `last` is the only one that can reach [first, last].
bool FlowSelector::Overlaps(const StoredSegment& segment, std::uint64_t first,
                            std::uint64_t last) const {
  const auto found = blocks_.find(StreamOf(segment));
  if (found == blocks_.end()) return false;
  const auto after =
      std::upper_bound(found->second.begin(), found->second.end(), last,
                       [](std::uint64_t number, const Blocks& run) { return number < run.first; });
  return after != found->second.begin() && std::prev(after)->last >= first;
}

bool FlowSelector::WantsSegment(const StoredSegment& segment) const {
  return segment.block_count != 0 &&
         Overlaps(segment, segment.first_block, segment.first_block + segment.block_count - 1);
}

bool FlowSelector::WantsBlock(const StoredSegment& segment, std::uint64_t block,
                              const capture::BlockEntry&) {
  return Overlaps(segment, block, block);
}

bool FlowSelector::WantsPacket(const StoredSegment& segment, const capture::Packet& packet,
                               const capture::Decoded& decoded) {
  const auto keys = keys_.find(StreamOf(segment));
  if (keys == keys_.end()) return false;
  FlowKey key;
  std::uint8_t side = 0;
  if (!capture::MakeKey(decoded, 0, key, side)) return false;
  if (key.kind == KeyKind::kFragment) key = FragmentPair(key);
  key.tunnel = 0;  // the catalog's flows have their tunnels by name only
  const auto found = keys->second.find(key);
  if (found == keys->second.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&packet](const Span& span) {
    return packet.time_ns >= span.first && packet.time_ns <= span.second;
  });
}

bool FilterSelector::WantsSegment(const StoredSegment& segment) const {
  return ForSensor(filter_.root(), segment.sensor).yes;
}

bool FilterSelector::WantsBlock(const StoredSegment&, std::uint64_t,
                                const capture::BlockEntry& entry) {
  return entry.packets != 0 && entry.last_ns >= from_ns_ && entry.first_ns <= to_ns_;
}

bool FilterSelector::WantsPacket(const StoredSegment& segment, const capture::Packet& packet,
                                 const capture::Decoded& decoded) {
  if (packet.time_ns < from_ns_ || packet.time_ns > to_ns_) return false;
  return Matches(filter_, {.sensor = segment.sensor,
                           .interface = segment.interface,
                           .time_ns = packet.time_ns,
                           .decoded = &decoded});
}

}  // namespace tapiary::server
