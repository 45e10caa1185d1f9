#include "capture/flow/reassembler.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tapiary::capture {
namespace {

constexpr std::int32_t kLargestStep = 1 << 30;  // beyond the largest window it is another stream
// Room that is kept while nothing is held.
constexpr std::size_t kKeptArena = 512;
constexpr std::size_t kKeptSegments = 8;

std::int32_t Distance(std::uint32_t from, std::uint32_t to) {
  return static_cast<std::int32_t>(to - from);
}

std::uint32_t Earlier(std::uint32_t a, std::uint32_t b) {
  return Distance(a, b) >= 0 ? a : b;
}

std::uint32_t Later(std::uint32_t a, std::uint32_t b) {
  return Distance(a, b) >= 0 ? b : a;
}

}  // namespace

void Reassembler::Start(std::uint32_t seq) {
  if (started_) return;
  started_ = true;
  next_ = seq;
}

void Reassembler::ExpectAcknowledgements() {
  if (acked_ || !started_) return;
  acked_ = true;
  ack_ = next_;
}

void Reassembler::Push(const StreamSegment& segment, StreamSink& sink) {
  if (segment.length == 0) return;
  const bool doubted = segment.trust == SegmentTrust::kDoubted;
  if (!started_) Start(segment.seq);
  std::int32_t ahead = Distance(next_, segment.seq);
  if (ahead > kLargestStep || ahead < -kLargestStep) {
    if (doubted) return;  // no receiver takes it
    Flush(sink);
    sink.OnGap(side_, 0, false);  // of unknown size
    next_ = segment.seq;
    window_size_ = 0;
    acked_ = false;
    ahead = 0;
  }
  if (ahead != 0 || !held_.empty()) Compare(segment, sink);
  if (Distance(next_, segment.seq + segment.length) <= 0) return;  // all of it was there before
  if (ahead > 0 || doubted) {
    // A doubted copy of what is held adds nothing, and many must not take the room.
    const std::uint32_t reach = Reach();
    if (doubted && Distance(segment.seq + segment.length, reach) >= 0) return;
    if (!MakeRoom(segment, sink)) return;
    if (Distance(next_, segment.seq + segment.length) <= 0) return;
  }
  if (Distance(next_, segment.seq) <= 0 && !doubted) {
    Deliver(segment, segment.seq + segment.length, sink);
    if (!held_.empty()) DeliverHeld(false, sink);
  } else {
    Hold(segment);
  }
  if (acked_ && !held_.empty()) SettleAcknowledged(sink);
}

void Reassembler::Acknowledge(std::uint32_t ack, StreamSink& sink) {
  if (!acked_ || Distance(ack_, ack) > 0) ack_ = ack;
  acked_ = true;
  if (!held_.empty()) SettleAcknowledged(sink);
}

// Takes what the peer has taken, and gives up the holes that it does not have.
void Reassembler::SettleAcknowledged(StreamSink& sink) {
  DeliverHeld(false, sink);
  while (!held_.empty()) {
    const std::uint32_t begin = held_.front().seq;
    if (Distance(next_, begin) <= 0 || Distance(begin, ack_) < 0) return;
    sink.OnGap(side_, begin - next_, false);
    next_ = begin;
    window_size_ = 0;
    DeliverHeld(false, sink);
  }
}

std::int64_t Reassembler::next_due_ns() const {
  // A hole is given up by what comes behind it, not by time alone.
  if (held_.empty() || acked_ || !NextIsDoubted()) return INT64_MAX;
  const std::int64_t time_ns = held_.front().time_ns;
  return time_ns < 0 || time_ns > INT64_MAX - kMaxHeldNs ? INT64_MAX : time_ns + kMaxHeldNs;
}

bool Reassembler::NextIsDoubted() const {
  return Distance(next_, held_.front().seq) <= 0;
}

void Reassembler::Expire(std::int64_t now_ns, StreamSink& sink) {
  while (next_due_ns() < now_ns) GiveUp(sink);
}

void Reassembler::Flush(StreamSink& sink) {
  while (!held_.empty()) GiveUp(sink);
}

// Stops waiting for what comes next: takes the doubted copy of it, or jumps over the hole.
void Reassembler::GiveUp(StreamSink& sink) {
  const std::uint32_t begin = held_.front().seq;
  if (Distance(next_, begin) > 0) {
    sink.OnGap(side_, begin - next_, false);
    next_ = begin;
    window_size_ = 0;
  }
  DeliverHeld(true, sink);
}

void Reassembler::GiveUpOldest(StreamSink& sink) {
  if (!DropDoubtedBeyondHole()) GiveUp(sink);
}

bool Reassembler::IsFull(const StreamSegment& segment) const {
  // The arena is only emptied as a whole, so its size is the bound, not what is still in use.
  return held_.size() >= kMaxHeldSegments || arena_.size() + segment.bytes.size() > kMaxHeldBytes;
}

bool Reassembler::WaitedTooLong(std::int64_t now_ns) const {
  if (acked_ && NextIsDoubted()) return false;
  return now_ns > held_.front().time_ns + kMaxHeldNs;
}

bool Reassembler::MakeRoom(const StreamSegment& segment, StreamSink& sink) {
  while (!held_.empty() && (IsFull(segment) || WaitedTooLong(segment.time_ns))) {
    if (DropDoubtedBeyondHole()) continue;
    // Who floods with decoys must not have one of them taken.
    const bool doubted = segment.trust == SegmentTrust::kDoubted;
    if (doubted && acked_ && NextIsDoubted()) return false;
    GiveUp(sink);
  }
  return true;
}

std::uint32_t Reassembler::Reach() const {
  std::uint32_t reach = next_;
  for (const Held& held : held_) {
    if (Distance(reach, held.seq) > 0) break;
    reach = Later(reach, held.end());
  }
  return reach;
}

// Nobody has acknowledged these, and to jump to them would make all real data look old.
bool Reassembler::DropDoubtedBeyondHole() {
  const std::uint32_t reach = Reach();
  const std::size_t dropped = std::erase_if(held_, [reach](const Held& held) {
    return held.trust == SegmentTrust::kDoubted && Distance(reach, held.seq) > 0;
  });
  if (dropped == 0) return false;
  Compact();
  DropOld();
  return true;
}

void Reassembler::DropOld() {
  std::erase_if(held_, [this](const Held& held) { return Distance(next_, held.end()) <= 0; });
  if (!held_.empty()) return;
  arena_.clear();
  if (arena_.capacity() > kKeptArena) arena_ = std::vector<std::uint8_t>();
  if (held_.capacity() > kKeptSegments) held_ = std::vector<Held>();
}

void Reassembler::Compact() {
  std::vector<std::uint8_t> kept;
  for (Held& held : held_) {
    const auto from = arena_.begin() + held.offset;
    held.offset = static_cast<std::uint32_t>(kept.size());
    kept.insert(kept.end(), from, from + held.size);
  }
  arena_ = std::move(kept);
}

void Reassembler::Hold(const StreamSegment& segment) {
  const Held held{segment.seq,
                  segment.length,
                  static_cast<std::uint32_t>(arena_.size()),
                  static_cast<std::uint32_t>(segment.bytes.size()),
                  segment.time_ns,
                  segment.trust};
  arena_.insert(arena_.end(), segment.bytes.begin(), segment.bytes.end());
  const auto place =
      std::upper_bound(held_.begin(), held_.end(), held,
                       [](const Held& a, const Held& b) { return Distance(a.seq, b.seq) > 0; });
  held_.insert(place, held);
}

StreamSegment Reassembler::ToSegment(const Held& held) const {
  return {held.seq, base::Bytes(arena_).subspan(held.offset, held.size), held.length, held.time_ns,
          held.trust};
}

void Reassembler::Deliver(const StreamSegment& segment, std::uint32_t limit, StreamSink& sink) {
  const std::uint32_t old = next_ - segment.seq;
  const std::uint32_t length = Earlier(limit, segment.seq + segment.length) - next_;
  base::Bytes bytes = segment.bytes.subspan(std::min<std::size_t>(segment.bytes.size(), old));
  bytes = bytes.first(std::min<std::size_t>(bytes.size(), length));
  const std::uint32_t captured = static_cast<std::uint32_t>(bytes.size());
  Remember(bytes, segment.trust);
  next_ += length;
  if (captured < length) window_size_ = 0;
  if (!bytes.empty()) sink.OnBytes(side_, bytes, segment.time_ns);
  if (captured < length) sink.OnGap(side_, length - captured, captured != 0);
}

void Reassembler::DeliverHeld(bool forced, StreamSink& sink) {
  // What was waited for is the first piece only.
  while (DeliverOne(std::exchange(forced, false), sink)) {
  }
  DropOld();
}

bool Reassembler::DeliverOne(bool forced, StreamSink& sink) {
  const Held* best = nullptr;
  std::uint32_t limit = next_ + kLargestStep;
  for (const Held& held : held_) {
    if (Distance(next_, held.seq) > 0) {
      // A better copy begins here, if it is one.
      if (best != nullptr && held.trust < best->trust) limit = Earlier(limit, held.seq);
      continue;
    }
    const bool is_new = Distance(next_, held.end()) > 0;
    if (is_new && (best == nullptr || held.trust < best->trust)) best = &held;
  }
  if (best == nullptr) return false;
  if (best->trust == SegmentTrust::kDoubted && !forced) {
    if (!acked_) return false;
    limit = Earlier(limit, ack_);
    if (Distance(next_, limit) <= 0) return false;
  }
  Deliver(ToSegment(*best), limit, sink);
  return true;
}

void Reassembler::Compare(const StreamSegment& segment, StreamSink& sink) const {
  if (IsKeepAlive(segment)) return;
  const std::int32_t at = DiffersFromWindow(segment);
  if (at < 0 && !DiffersFromHeld(segment)) return;
  const std::uint32_t seq = segment.seq + static_cast<std::uint32_t>(std::max(at, 0));
  const bool taken = at >= 0 && segment.trust == SegmentTrust::kGood &&
                     Distance(bad_begin_, seq) >= 0 && Distance(seq, bad_end_) > 0;
  sink.OnConflict(side_, taken, segment.time_ns);
}

// RFC 9293 section 3.8.4: one byte of anything, the last that the peer acknowledged.
bool Reassembler::IsKeepAlive(const StreamSegment& segment) const {
  if (segment.length != 1 || segment.seq + 1 != next_) return false;
  return !acked_ || Distance(next_, ack_) >= 0;
}

bool Reassembler::DiffersFromHeld(const StreamSegment& segment) const {
  const std::uint32_t end = segment.seq + static_cast<std::uint32_t>(segment.bytes.size());
  return std::any_of(held_.begin(), held_.end(), [&](const Held& held) {
    const std::uint32_t from = Later(held.seq, segment.seq);
    const std::uint32_t to = Earlier(held.seq + held.size, end);
    if (Distance(from, to) <= 0) return false;
    return std::memcmp(arena_.data() + held.offset + (from - held.seq),
                       segment.bytes.data() + (from - segment.seq), to - from) != 0;
  });
}

std::int32_t Reassembler::DiffersFromWindow(const StreamSegment& segment) const {
  if (window_size_ == 0) return -1;
  const std::uint32_t from = Later(segment.seq, next_ - window_size_);
  const std::uint32_t to =
      Earlier(segment.seq + static_cast<std::uint32_t>(segment.bytes.size()), next_);
  for (std::uint32_t seq = from; Distance(seq, to) > 0; ++seq) {
    if ((*window_)[seq % kWindow] == segment.bytes[seq - segment.seq]) continue;
    return Distance(segment.seq, seq);
  }
  return -1;
}

void Reassembler::Remember(base::Bytes bytes, SegmentTrust trust) {
  if (bytes.empty()) return;
  if (!window_) window_ = std::make_unique<std::array<std::uint8_t, kWindow>>();
  const std::uint32_t end = next_ + static_cast<std::uint32_t>(bytes.size());
  const base::Bytes last = bytes.last(std::min<std::size_t>(bytes.size(), kWindow));
  const std::uint32_t size = static_cast<std::uint32_t>(last.size());
  const std::uint32_t at = (end - size) % kWindow;
  const std::uint32_t front = std::min(size, kWindow - at);
  std::memcpy(window_->data() + at, last.data(), front);
  if (front < size) std::memcpy(window_->data(), last.data() + front, size - front);
  window_size_ = std::min(kWindow, window_size_ + size);
  if (trust == SegmentTrust::kGood) return;
  if (bad_end_ != next_) bad_begin_ = next_;
  bad_end_ = end;
  if (bad_end_ - bad_begin_ > kWindow) bad_begin_ = bad_end_ - kWindow;
}

}  // namespace tapiary::capture
