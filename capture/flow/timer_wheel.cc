#include "capture/flow/timer_wheel.h"

#include <algorithm>

namespace tapiary::capture {
namespace {

// A flow whose wheel_prev has this bit is the first of bucket (wheel_prev & ~kHeadMark). A flow
// that is in no bucket has kNoFlow there, which no bucket number makes.
constexpr std::uint32_t kHeadMark = 0x80000000u;

}  // namespace

// Rounds towards the past, also before 1970.
std::int64_t TimerWheel::TickOf(std::int64_t time_ns) {
  const std::int64_t tick = time_ns / kTickNs;
  return time_ns % kTickNs < 0 ? tick - 1 : tick;
}

void TimerWheel::Insert(std::uint32_t index, std::int64_t due_ns) {
  table_.hot(index).due_ns = due_ns;
  FlowCold& flow = table_.cold(index);
  const std::int64_t tick =
      std::clamp(TickOf(due_ns), tick_ + 1, tick_ + static_cast<std::int64_t>(kBuckets) - 1);
  const std::uint32_t bucket =
      static_cast<std::uint32_t>(static_cast<std::uint64_t>(tick) % kBuckets);
  flow.wheel_prev = kHeadMark | bucket;
  flow.wheel_next = heads_[bucket];
  if (flow.wheel_next != kNoFlow) table_.cold(flow.wheel_next).wheel_prev = index;
  heads_[bucket] = index;
}

void TimerWheel::Remove(std::uint32_t index) {
  FlowCold& flow = table_.cold(index);
  if (flow.wheel_prev == kNoFlow) return;
  if ((flow.wheel_prev & kHeadMark) != 0) {
    heads_[flow.wheel_prev & ~kHeadMark] = flow.wheel_next;
  } else {
    table_.cold(flow.wheel_prev).wheel_next = flow.wheel_next;
  }
  if (flow.wheel_next != kNoFlow) table_.cold(flow.wheel_next).wheel_prev = flow.wheel_prev;
  flow.wheel_prev = flow.wheel_next = kNoFlow;
}

void TimerWheel::Empty(std::uint64_t bucket, std::vector<std::uint32_t>& out) {
  const std::size_t before = out.size();
  for (std::uint32_t index = heads_[bucket]; index != kNoFlow;) {
    FlowCold& flow = table_.cold(index);
    out.push_back(index);
    index = flow.wheel_next;
    flow.wheel_prev = flow.wheel_next = kNoFlow;
  }
  heads_[bucket] = kNoFlow;
  std::reverse(out.begin() + static_cast<std::ptrdiff_t>(before), out.end());
}

void TimerWheel::Advance(std::int64_t now_ns, std::vector<std::uint32_t>& out) {
  const std::int64_t tick = TickOf(now_ns) - 1;  // the bucket of now itself is not over
  if (tick <= tick_) return;
  const std::uint64_t passed = static_cast<std::uint64_t>(tick) - static_cast<std::uint64_t>(tick_);
  const std::uint64_t steps = std::min(passed, kBuckets);
  for (std::uint64_t i = 1; i <= steps; ++i) {
    Empty((static_cast<std::uint64_t>(tick_) + i) % kBuckets, out);
  }
  tick_ = tick;
}

void TimerWheel::TakeAll(std::vector<std::uint32_t>& out) {
  for (std::uint64_t bucket = 0; bucket < kBuckets; ++bucket) Empty(bucket, out);
}

void TimerWheel::Restart(std::int64_t now_ns) {
  tick_ = TickOf(now_ns) - 1;
}

}  // namespace tapiary::capture
