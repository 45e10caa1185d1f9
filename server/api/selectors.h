// Which stored packets a download has: those of chosen flows, or those that a filter matches.
// One download, one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "capture/flow/flow_key.h"
#include "server/api/segment_walk.h"
#include "server/query/filter.h"

namespace tapiary::server {

// A flow as the catalog has it, as far as its packets are concerned.
struct FlowPick {
  std::int64_t sensor_id = 0;
  std::uint64_t epoch = 0;
  std::uint32_t stream = 0;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::uint8_t proto = 0;
  std::uint16_t ether_type = 0;
  capture::IpAddress orig_ip, resp_ip;
  std::uint16_t orig_port = 0, resp_port = 0;
  capture::MacAddress orig_mac{}, resp_mac{};
  std::vector<std::uint16_t> vlans;
  bool has_ports = false;
  std::vector<capture::BlockRun> blocks;
  std::uint64_t packets = 0;
  std::int64_t received_ns = 0;
};

// Stream of a sensor: (sensor id, epoch, stream).
using StreamKey = std::tuple<std::int64_t, std::uint64_t, std::uint32_t>;

// Packets whose key is that of a chosen flow, in either direction, within the flow's time, from the
// blocks that the flow lists. Later fragments have no ports: those between the ends of a chosen
// flow are taken in, so that nothing of it is missing.
class FlowSelector : public PacketSelector {
 public:
  void Add(const FlowPick& flow);
  // To be called once, after the last Add.
  void Seal();

  // Some flow lists a block of this segment; answered from the catalog's row alone.
  [[nodiscard]] bool WantsSegment(const StoredSegment& segment) const;
  // This one, which it wants, is there.
  void Found(const StoredSegment& segment);
  struct Absent {
    StreamKey stream;
    std::uint64_t block = 0;  // the last one that is in no segment that was found
    std::uint64_t packets = 0;
    std::int64_t received_ns = 0;
  };
  // Flows that list blocks of segments that were not found.
  [[nodiscard]] std::vector<Absent> absent() const;
  struct StreamSpan {
    StreamKey stream;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  // Streams that have wanted blocks, with the first and the last of these.
  [[nodiscard]] std::vector<StreamSpan> spans() const;
  // From the first to the last packet of all chosen flows; empty (from > to) without flows.
  [[nodiscard]] std::int64_t from_ns() const { return from_ns_; }
  [[nodiscard]] std::int64_t to_ns() const { return to_ns_; }

  bool WantsBlock(const StoredSegment& segment, std::uint64_t block,
                  const capture::BlockEntry& entry) override;
  bool WantsPacket(const StoredSegment& segment, const capture::Packet& packet,
                   const capture::Decoded& decoded) override;

 private:
  struct Hash {
    std::size_t operator()(const capture::FlowKey& key) const {
      return capture::HashKey(key, 0x7461706961727931u);
    }
  };
  using Span = std::pair<std::int64_t, std::int64_t>;
  using Keys = std::unordered_map<capture::FlowKey, std::vector<Span>, Hash>;

  struct Blocks {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  using BlockMap = std::map<StreamKey, std::vector<Blocks>>;
  static void Merge(std::vector<Blocks>* runs);
  [[nodiscard]] bool Overlaps(const StoredSegment& segment, std::uint64_t first,
                              std::uint64_t last) const;

  std::map<StreamKey, Keys> keys_;
  BlockMap blocks_;  // sorted and disjoint once sealed
  BlockMap found_;
  struct Listed {
    Absent flow;
    std::vector<capture::BlockRun> blocks;
  };
  std::vector<Listed> listed_;
  std::int64_t from_ns_ = INT64_MAX;
  std::int64_t to_ns_ = INT64_MIN;
};

// Packets that a filter of packet fields matches, within [from, to].
class FilterSelector : public PacketSelector {
 public:
  FilterSelector(Filter filter, std::int64_t from_ns, std::int64_t to_ns)
      : filter_(std::move(filter)), from_ns_(from_ns), to_ns_(to_ns) {}
  // False when no packet of the segment's sensor can match: then nothing of it need be read.
  [[nodiscard]] bool WantsSegment(const StoredSegment& segment) const;
  bool WantsBlock(const StoredSegment& segment, std::uint64_t block,
                  const capture::BlockEntry& entry) override;
  bool WantsPacket(const StoredSegment& segment, const capture::Packet& packet,
                   const capture::Decoded& decoded) override;

 private:
  Filter filter_;
  std::int64_t from_ns_;
  std::int64_t to_ns_;
};

}  // namespace tapiary::server
