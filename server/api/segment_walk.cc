#include "server/api/segment_walk.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace tapiary::server {

struct SegmentWalk::Open {
  StoredSegment segment;
  capture::RangeReader read;
  capture::SegmentIndex index;
  std::uint64_t sequence = 0;  // in order of opening
  std::size_t next_block = 0;  // the next wanted one that is not loaded
  std::string raw;             // the loaded block; packets point into it
  capture::InterfaceInfo interface;
  std::vector<capture::Packet> packets;
  std::size_t at = 0;

  [[nodiscard]] std::int64_t time() const {
    return at < packets.size() ? packets[at].time_ns : index.blocks[next_block].first_ns;
  }
  [[nodiscard]] std::size_t index_bytes() const {
    return index.blocks.size() * sizeof(capture::BlockEntry);
  }
};

namespace {

// For heaps with the earliest on top; of equal times the one that was opened first, so that packets
// of one stream keep their order.
template <class T>
bool Later(const T& a, const T& b) {
  return std::pair(a->time(), a->sequence) > std::pair(b->time(), b->sequence);
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

// With nothing loaded the next thing is always taken: a budget never stops the walk.
bool SegmentWalk::Affordable(std::size_t bytes) const {
  return loaded_.empty() || used_bytes_ + bytes <= memory_bytes_;
}

// Puts an opened segment where it belongs, or drops it when no wanted block is left.
void SegmentWalk::Queue(std::unique_ptr<Open> open) {
  if (open->at < open->packets.size()) return Push(loaded_, std::move(open));
  used_bytes_ -= open->raw.size();
  open->raw = {};
  open->packets = {};
  open->at = 0;
  const auto& blocks = open->index.blocks;
  while (open->next_block < blocks.size() &&
         !selector_->WantsBlock(open->segment, open->index.first_block + open->next_block,
                                blocks[open->next_block])) {
    ++open->next_block;
  }
  if (open->next_block < blocks.size()) return Push(waiting_, std::move(open));
  used_bytes_ -= open->index_bytes();
}

base::Result<> SegmentWalk::FetchPending() {
  if (pending_ || feed_ended_) return {};
  TAPIARY_ASSIGN(pending_, feed_());
  feed_ended_ = !pending_;
  return {};
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
  open->index = std::move(*index);
  used_bytes_ += open->index_bytes();
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
  return capture::ForEachPacket(base::AsBytes(open.raw), &open.interface, keep);
}

// Loads the earliest block that waits and keeps the wanted packets of it.
base::Result<> SegmentWalk::LoadNext() {
  std::unique_ptr<Open> open = PopTop(waiting_);
  const std::uint64_t block = open->next_block++;
  const capture::BlockEntry& entry = open->index.blocks[block];
  auto raw = capture::ReadBlock(entry, open->read);
  base::Result<> kept;
  if (raw) {
    open->raw = std::move(*raw);
    used_bytes_ += open->raw.size();
    kept = KeepWanted(*open);
  } else {
    kept = raw.error();
  }
  if (!kept) {
    open->packets.clear();  // all of a block or nothing: how many are not there is then known
    TAPIARY_TRY(
        Tell({open->segment, open->index.first_block + block, entry.packets, kept.error().message},
             kept.error()));
  }
  Queue(std::move(open));
  return {};
}

// Opens and loads until nothing that is not loaded could come before what is.
base::Result<> SegmentWalk::Prepare() {
  while (true) {
    TAPIARY_TRY(FetchPending());
    const bool segment_first =
        pending_ && (waiting_.empty() || pending_->first_ns <= waiting_.front()->time());
    if (!segment_first && waiting_.empty()) return {};
    const std::int64_t time = segment_first ? pending_->first_ns : waiting_.front()->time();
    if (!loaded_.empty() && loaded_.front()->time() < time) return {};
    const std::size_t cost =
        segment_first ? 0 : waiting_.front()->index.blocks[waiting_.front()->next_block].raw_bytes;
    if (!Affordable(cost)) return {};
    TAPIARY_TRY(segment_first ? OpenNext() : LoadNext());
  }
}

base::Result<SegmentWalk::Item> SegmentWalk::Next() {
  if (current_) {
    ++current_->at;
    Queue(std::move(current_));
  }
  TAPIARY_TRY(Prepare());
  if (loaded_.empty()) return Item{};
  current_ = PopTop(loaded_);
  return Item{&current_->segment, &current_->interface, &current_->packets[current_->at]};
}

}  // namespace tapiary::server
