#include "capture/ot/bacnet/segments.h"

#include <algorithm>
#include <utility>

namespace tapiary::capture::bacnet {

std::optional<Assembled> SegmentTable::Add(const Segment& segment, base::Bytes front) {
  std::optional<Assembled> displaced;
  const auto found = std::find_if(open_.begin(), open_.end(), [&segment](const Open& open) {
    return open.message.key == segment.key && open.message.from_client == segment.from_client;
  });
  std::size_t index = static_cast<std::size_t>(found - open_.begin());
  if (found == open_.end()) {
    if (open_.size() == kMaxOpen) {
      displaced = Take(0);
      --index;
    }
    Open open;
    open.message.key = segment.key;
    open.message.from_client = segment.from_client;
    open.message.first_ns = segment.time_ns;
    open.message.cut = segment.sequence != 0;  // its begin was not captured
    open.message.bytes.assign(front.begin(), front.end());
    open.next = segment.sequence;
    open_.push_back(std::move(open));
  }
  Open& open = open_[index];
  Assembled& message = open.message;
  message.last_ns = segment.time_ns;
  if (message.segments < UINT16_MAX) ++message.segments;
  if (segment.sequence != open.next) return displaced;  // repeated, or one before it is missing
  ++open.next;
  const std::size_t room = kMaxBytes - std::min(kMaxBytes, message.bytes.size());
  const base::Bytes data = segment.data.first(std::min(segment.data.size(), room));
  message.bytes.insert(message.bytes.end(), data.begin(), data.end());
  message.cut = message.cut || segment.cut || data.size() < segment.data.size();
  if (!segment.more_follows && !displaced) return Take(index);
  return displaced;
}

std::optional<Assembled> SegmentTable::Take(std::size_t index) {
  Assembled taken = std::move(open_[index].message);
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
  return taken;
}

std::optional<Assembled> SegmentTable::TakeStale(std::int64_t now_ns, bool all) {
  for (std::size_t i = 0; i < open_.size(); ++i) {
    if (!all && now_ns - open_[i].message.last_ns < kTimeoutNs) continue;
    open_[i].message.cut = true;
    return Take(i);
  }
  return std::nullopt;
}

std::int64_t SegmentTable::next_due_ns() const {
  std::int64_t due = INT64_MAX;
  for (const Open& open : open_) due = std::min(due, open.message.last_ns + kTimeoutNs);
  return due;
}

std::size_t SegmentTable::held_bytes() const {
  std::size_t bytes = 0;
  for (const Open& open : open_) bytes += sizeof open + open.message.bytes.capacity();
  return bytes;
}

}  // namespace tapiary::capture::bacnet
