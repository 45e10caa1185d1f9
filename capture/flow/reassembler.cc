#include "capture/flow/reassembler.h"

#include <algorithm>

namespace tapiary::capture {
namespace {

constexpr std::int32_t kLargestStep = 1 << 30;  // beyond the largest window it is another stream

std::int32_t Distance(std::uint32_t from, std::uint32_t to) {
  return static_cast<std::int32_t>(to - from);
}

}  // namespace

void Reassembler::Start(std::uint32_t seq) {
  if (started_) return;
  started_ = true;
  next_ = seq;
}

void Reassembler::Push(std::uint32_t seq, base::Bytes bytes, std::uint32_t length,
                       std::int64_t time_ns, StreamSink& sink) {
  if (length == 0) return;
  if (!started_) Start(seq);
  std::int32_t ahead = Distance(next_, seq);
  if (ahead > kLargestStep || ahead < -kLargestStep) {
    Flush(sink);
    sink.OnGap(side_, 0, false);  // of unknown size
    next_ = seq;
    acked_ = false;
    ahead = 0;
  }
  if (ahead <= 0) {
    Deliver(seq, bytes, length, time_ns, sink);
    DeliverHeld(sink);
    return;
  }
  while (!held_.empty() && MustGiveUp(bytes.size(), time_ns)) GiveUpHole(sink);
  if (Distance(next_, seq) <= 0) {
    Deliver(seq, bytes, length, time_ns, sink);
    DeliverHeld(sink);
    return;
  }
  Hold(seq, bytes, length, time_ns);
  if (acked_ && Distance(seq, ack_) >= 0) GiveUpHole(sink);
}

void Reassembler::Acknowledge(std::uint32_t ack, StreamSink& sink) {
  if (!acked_ || Distance(ack_, ack) > 0) ack_ = ack;
  acked_ = true;
  while (!held_.empty() && Distance(held_.front().seq, ack_) >= 0) GiveUpHole(sink);
}

void Reassembler::Flush(StreamSink& sink) {
  while (!held_.empty()) GiveUpHole(sink);
}

bool Reassembler::MustGiveUp(std::size_t more_bytes, std::int64_t time_ns) const {
  // The arena is only emptied as a whole, so its size is the bound, not what is still in use.
  return held_.size() >= kMaxHeldSegments || arena_.size() + more_bytes > kMaxHeldBytes ||
         time_ns > held_.front().time_ns + kMaxHeldNs;
}

void Reassembler::Hold(std::uint32_t seq, base::Bytes bytes, std::uint32_t length,
                       std::int64_t time_ns) {
  const Held held{seq, length, static_cast<std::uint32_t>(arena_.size()),
                  static_cast<std::uint32_t>(bytes.size()), time_ns};
  arena_.insert(arena_.end(), bytes.begin(), bytes.end());
  const auto place =
      std::upper_bound(held_.begin(), held_.end(), held,
                       [](const Held& a, const Held& b) { return Distance(a.seq, b.seq) > 0; });
  held_.insert(place, held);
}

void Reassembler::Deliver(std::uint32_t seq, base::Bytes bytes, std::uint32_t length,
                          std::int64_t time_ns, StreamSink& sink) {
  const std::uint32_t old = static_cast<std::uint32_t>(Distance(seq, next_));
  if (old >= length) return;  // all of it was there before
  length -= old;
  bytes = bytes.subspan(std::min<std::size_t>(bytes.size(), old));
  next_ += length;
  if (!bytes.empty()) sink.OnBytes(side_, bytes, time_ns);
  const std::uint32_t captured = static_cast<std::uint32_t>(bytes.size());
  if (captured < length) sink.OnGap(side_, length - captured, captured != 0);
}

void Reassembler::DeliverHeld(StreamSink& sink) {
  std::size_t done = 0;
  for (; done < held_.size() && Distance(next_, held_[done].seq) <= 0; ++done) {
    const Held held = held_[done];
    Deliver(held.seq, base::Bytes(arena_).subspan(held.offset, held.size), held.length,
            held.time_ns, sink);
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(done));
  if (held_.empty()) arena_.clear();
}

void Reassembler::GiveUpHole(StreamSink& sink) {
  const std::uint32_t missed = static_cast<std::uint32_t>(Distance(next_, held_.front().seq));
  next_ = held_.front().seq;
  if (missed != 0) sink.OnGap(side_, missed, false);
  DeliverHeld(sink);
}

}  // namespace tapiary::capture
