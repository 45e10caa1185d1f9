// SegmentWalk: packets of many stored segments in order of time, with bounded memory.
//
// Segments come from a feed in order of their first packet; a segment is opened when its time
// comes, and of each open segment at most one block is in memory. When the blocks that overlap in
// time exceed the budget, completeness goes before order: what is loaded is handed out first. A
// clock that was set back within a segment puts its blocks, and the packets of each, in order too.
// What has rotted or is gone costs its own packets and is told (Damage). One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/decode/decode.h"
#include "capture/segment/segment.h"

namespace tapiary::server {

inline constexpr std::size_t kWalkMemoryBytes = 32u << 20;

// A segment as the catalog knows it.
struct StoredSegment {
  std::int64_t id = 0;
  std::int64_t sensor_id = 0;
  std::string sensor{};
  std::string interface {};
  std::uint64_t epoch = 0;
  std::uint32_t stream = 0;
  std::uint64_t first_block = 0;
  std::uint64_t block_count = 0;
  std::int64_t first_ns = 0;
  std::string object{};  // name in the vault
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
};

// A segment, or a block of one, that cannot be read any more. Its packets, wanted or not, are not
// in the walk.
struct Damage {
  const StoredSegment& segment;
  std::optional<std::uint64_t> block;  // none: all of the segment
  std::uint64_t packets = 0;
  std::string reason;
};
using DamageSink = std::function<void(const Damage& damage)>;

// Packets that are wanted and that no stored segment has.
struct Absence {
  std::string text;           // for people, escaped
  std::uint64_t packets = 0;  // at most; 0: not known
  bool late = false;          // they may still come
};
using AbsenceFinder = std::function<base::Result<std::vector<Absence>>()>;

// Which packets are wanted.
class PacketSelector {
 public:
  virtual ~PacketSelector() = default;
  virtual bool WantsBlock(const StoredSegment& segment, std::uint64_t block,
                          const capture::BlockEntry& entry) = 0;
  virtual bool WantsPacket(const StoredSegment& segment, const capture::Packet& packet,
                           const capture::Decoded& decoded) = 0;
};

// The next segment by first_ns, or nothing at the end.
using SegmentFeed = std::function<base::Result<std::optional<StoredSegment>>()>;
using SegmentOpener = std::function<capture::RangeReader(const StoredSegment& segment)>;

// Is told what will be read soon, so that the disk has begun when it is.
using AheadSink =
    std::function<void(const StoredSegment& segment, std::uint64_t offset, std::size_t size)>;

class SegmentWalk {
 public:
  SegmentWalk(SegmentFeed feed, SegmentOpener opener, std::unique_ptr<PacketSelector> selector,
              std::size_t memory_bytes = kWalkMemoryBytes);
  ~SegmentWalk();
  SegmentWalk(const SegmentWalk&) = delete;
  SegmentWalk& operator=(const SegmentWalk&) = delete;

  struct Item {
    const StoredSegment* segment = nullptr;  // nullptr: no more packets
    const capture::InterfaceInfo* interface = nullptr;
    const capture::Packet* packet = nullptr;
    bool loaded = false;  // something was read for it from the vault
  };
  // Is told of damage, inside Next, before the packets that come after it in the walk.
  void OnDamage(DamageSink sink) { on_damage_ = std::move(sink); }
  void OnAbsent(AbsenceFinder find) { find_absent_ = std::move(find); }
  // What the segments lack; to be asked when there are no more packets.
  [[nodiscard]] base::Result<std::vector<Absence>> Absent() const {
    return find_absent_ ? find_absent_() : std::vector<Absence>();
  }
  // Is told of the next blocks of each open segment, and of the next segment's index.
  void OnAhead(AheadSink sink) { on_ahead_ = std::move(sink); }
  // Valid until the next call. The walk ends with an error: the catalog or the vault does not
  // answer now.
  base::Result<Item> Next();
  // Raw blocks, their packets and indices in memory.
  [[nodiscard]] std::size_t used_bytes() const { return used_bytes_; }

 private:
  struct Open;
  base::Result<> Prepare();
  base::Result<> OpenNext();
  base::Result<> LoadNext();
  base::Result<> FetchPending();
  base::Result<> KeepWanted(Open& open);
  void TellAhead(Open& open) const;
  void Queue(std::unique_ptr<Open> open);
  base::Result<> Tell(const Damage& damage, const base::Error& error) const;
  [[nodiscard]] bool Fits(std::size_t bytes) const;

  SegmentFeed feed_;
  SegmentOpener opener_;
  std::unique_ptr<PacketSelector> selector_;
  DamageSink on_damage_;
  AheadSink on_ahead_;
  AbsenceFinder find_absent_;
  std::size_t memory_bytes_;
  std::size_t used_bytes_ = 0;
  std::uint64_t next_sequence_ = 0;
  std::uint64_t reads_ = 0;
  std::optional<StoredSegment> pending_;
  bool feed_ended_ = false;
  // Heaps by time: segments whose next block is not loaded, and those with packets at hand.
  std::vector<std::unique_ptr<Open>> waiting_;
  std::vector<std::unique_ptr<Open>> loaded_;
  std::unique_ptr<Open> current_;
};

}  // namespace tapiary::server
