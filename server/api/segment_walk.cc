#include "server/api/segment_walk.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace tapiary::server {

// A block of a segment that the selector wants.
struct WantedBlock {
  std::uint64_t number = 0;
  capture::BlockEntry entry;
};

struct SegmentWalk::Open {
  StoredSegment segment;
  capture::RangeReader read;
  std::uint64_t sequence = 0;       // in order of opening
  std::vector<WantedBlock> blocks;  // by their first packet: a clock that was set back is no wall
  std::size_t next_block = 0;       // of `blocks`, the next one that is not loaded
  std::size_t ahead = 0;            // and the next one that OnAhead was not told of
  std::string raw;                  // the loaded block; packets point into it
  std::size_t index_bytes = 0;      // counted for this and `blocks`
  std::size_t block_bytes = 0;      // and for the loaded block
  capture::InterfaceInfo interface;
  std::vector<capture::Packet> packets;
  std::size_t at = 0;

  [[nodiscard]] std::int64_t time() const {
    return at < packets.size() ? packets[at].time_ns : blocks[next_block].entry.first_ns;
  }
};

namespace {

// For heaps with the earliest on top; of equal times the one that was opened first, so that packets
// of one stream keep their order.
template <class T>
bool Later(const T& a, const T& b) {
  return std::pair(a->time(), a->sequence) > std::pair(b->time(), b->sequence);
}

// Memory that a loaded block takes: its bytes and, at most, a Packet for each packet block.
std::size_t LoadCost(const capture::BlockEntry& entry) {
  constexpr std::uint32_t kSmallestPacketBlock = 28;
  const std::size_t packets = std::min(entry.packets, entry.raw_bytes / kSmallestPacketBlock);
  return entry.raw_bytes + packets * sizeof(capture::Packet);
}

// So much is read before it is needed, of each open segment: what the disk fetches together.
constexpr std::size_t kAheadBlocks = 16;
constexpr std::uint64_t kAheadIndexBytes = 64u << 10;

// And what an open segment takes without one.
constexpr std::size_t kOpenBytes = 1024;
std::size_t OpenCost(std::uint64_t blocks) {
  return kOpenBytes + static_cast<std::size_t>(blocks) * sizeof(WantedBlock);
}

template <class T>
T PopTop(std::vector<T>& heap) {
  std::pop_heap(heap.begin(), heap.end(), Later<T>);
  T top = std::move(heap.back());
  heap.pop_back();
  return top;
}

template <class T>
void Push(std::vector<T>& heap, T item) {
  heap.push_back(std::move(item));
  std::push_heap(heap.begin(), heap.end(), Later<T>);
}

}  // namespace

SegmentWalk::SegmentWalk(SegmentFeed feed, SegmentOpener opener,
                         std::unique_ptr<PacketSelector> selector, std::size_t memory_bytes)
    : feed_(std::move(feed)),
      opener_(std::move(opener)),
      selector_(std::move(selector)),
      memory_bytes_(memory_bytes) {}

SegmentWalk::~SegmentWalk() = default;

bool SegmentWalk::Fits(std::size_t bytes) const {
  return used_bytes_ + bytes <= memory_bytes_;
}

// Puts an opened segment where it belongs, or drops it when no wanted block is left.
void SegmentWalk::Queue(std::unique_ptr<Open> open) {
  if (open->at < open->packets.size()) return Push(loaded_, std::move(open));
  used_bytes_ -= std::exchange(open->block_bytes, 0);
  open->raw = {};
  open->packets = {};
  open->at = 0;
  if (open->next_block < open->blocks.size()) return Push(waiting_, std::move(open));
  used_bytes_ -= open->index_bytes;
}

base::Result<> SegmentWalk::FetchPending() {
  if (pending_ || feed_ended_) return {};
  TAPIARY_ASSIGN(pending_, feed_());
  feed_ended_ = !pending_;
  if (pending_ && on_ahead_) {
    const std::uint64_t size = std::min(pending_->bytes, kAheadIndexBytes);
    on_ahead_(*pending_, pending_->bytes - size, size);
  }
  return {};
}

void SegmentWalk::TellAhead(Open& open) const {
  if (!on_ahead_) return;
  const std::size_t end = std::min(open.next_block + kAheadBlocks, open.blocks.size());
  for (; open.ahead < end; ++open.ahead) {
    const capture::BlockEntry& entry = open.blocks[open.ahead].entry;
    on_ahead_(open.segment, entry.offset, entry.stored_bytes);
  }
}

// Bytes that break their format and objects that are gone stay so: the walk goes on without them.
// A vault that does not answer now may do so later: an error.
base::Result<> SegmentWalk::Tell(const Damage& damage, const base::Error& error) const {
  const bool lasting =
      error.code == base::ErrorCode::kCorrupt || error.code == base::ErrorCode::kNotFound ||
      error.code == base::ErrorCode::kInvalid || error.code == base::ErrorCode::kTooLarge ||
      error.code == base::ErrorCode::kUnsupported;
  if (!lasting) return error.WithContext("segment " + std::to_string(damage.segment.id));
  if (on_damage_) on_damage_(damage);
  return {};
}

base::Result<> SegmentWalk::OpenNext() {
  auto open = std::make_unique<Open>();
  open->segment = std::move(*pending_);
  open->sequence = next_sequence_++;
  pending_.reset();
  open->read = opener_(open->segment);
  auto index = capture::ReadSegmentIndex(open->segment.bytes, open->read);
  if (!index) {
    return Tell({open->segment, {}, open->segment.packets, index.error().message}, index.error());
  }
  for (std::size_t i = 0; i < index->blocks.size(); ++i) {
    const std::uint64_t number = index->first_block + i;
    if (!selector_->WantsBlock(open->segment, number, index->blocks[i])) continue;
    open->blocks.push_back({number, index->blocks[i]});
  }
  std::stable_sort(open->blocks.begin(), open->blocks.end(),
                   [](const WantedBlock& a, const WantedBlock& b) {
                     return a.entry.first_ns < b.entry.first_ns;
                   });
  open->index_bytes = OpenCost(open->blocks.size());
  used_bytes_ += open->index_bytes;
  TellAhead(*open);
  Queue(std::move(open));
  return {};
}

base::Result<> SegmentWalk::KeepWanted(Open& open) {
  const auto keep = [this, &open](const capture::Packet& packet) {
    capture::Decoded decoded;
    capture::Decode(packet, open.interface.link_type, decoded);
    if (selector_->WantsPacket(open.segment, packet, decoded)) open.packets.push_back(packet);
    return true;
  };
  TAPIARY_TRY(capture::ForEachPacket(base::AsBytes(open.raw), &open.interface, keep));
  const auto earlier = [](const capture::Packet& a, const capture::Packet& b) {
    return a.time_ns < b.time_ns;
  };
  if (!std::is_sorted(open.packets.begin(), open.packets.end(), earlier)) {
    std::stable_sort(open.packets.begin(), open.packets.end(), earlier);
  }
  return {};
}

// Loads the earliest block that waits and keeps the wanted packets of it.
base::Result<> SegmentWalk::LoadNext() {
  std::unique_ptr<Open> open = PopTop(waiting_);
  TellAhead(*open);
  const WantedBlock& block = open->blocks[open->next_block++];
  const capture::BlockEntry& entry = block.entry;
  auto raw = capture::ReadBlock(entry, open->read);
  base::Result<> kept;
  if (raw) {
    open->raw = std::move(*raw);
    open->block_bytes = LoadCost(entry);
    used_bytes_ += open->block_bytes;
    kept = KeepWanted(*open);
  } else {
    kept = raw.error();
  }
  if (!kept) {
    open->packets.clear();  // all of a block or nothing: how many are not there is then known
    TAPIARY_TRY(
        Tell({open->segment, block.number, entry.packets, kept.error().message}, kept.error()));
  }
  Queue(std::move(open));
  return {};
}

// Opens and loads until nothing that is not loaded could come before what is. Segments that overlap
// in any number, as those of a sensor whose clock runs wild, are opened as far as memory goes.
base::Result<> SegmentWalk::Prepare() {
  while (true) {
    TAPIARY_TRY(FetchPending());
    bool segment_first =
        pending_ && (waiting_.empty() || pending_->first_ns <= waiting_.front()->time());
    if (!segment_first && waiting_.empty()) return {};
    const std::int64_t time = segment_first ? pending_->first_ns : waiting_.front()->time();
    if (!loaded_.empty() && loaded_.front()->time() < time) return {};
    if (segment_first && !waiting_.empty() && !Fits(OpenCost(pending_->block_count))) {
      segment_first = false;
    }
    const std::size_t cost =
        segment_first ? OpenCost(pending_->block_count)
                      : LoadCost(waiting_.front()->blocks[waiting_.front()->next_block].entry);
    if (!loaded_.empty() && !Fits(cost)) return {};  // a budget never stops the walk
    ++reads_;
    TAPIARY_TRY(segment_first ? OpenNext() : LoadNext());
  }
}

base::Result<SegmentWalk::Item> SegmentWalk::Next() {
  if (current_) {
    ++current_->at;
    Queue(std::move(current_));
  }
  const std::uint64_t reads = reads_;
  TAPIARY_TRY(Prepare());
  if (loaded_.empty()) return Item{};
  current_ = PopTop(loaded_);
  return Item{&current_->segment, &current_->interface, &current_->packets[current_->at],
              reads_ != reads};
}

}  // namespace tapiary::server
