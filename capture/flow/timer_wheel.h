// TimerWheel: which flows to look at when time passes.
//
// Buckets of 250 ms, 2048 of them (about 8.5 minutes); a deadline beyond the horizon is looked at
// again when the horizon reaches it. Insert and remove are O(1), the links live in FlowCold. A jump
// in time of any size visits each bucket at most once (FL-04). Deadlines are lower bounds: the
// owner decides for each flow that comes up and inserts it again if it is not due. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "capture/flow/flow_table.h"

namespace tapiary::capture {

class TimerWheel {
 public:
  explicit TimerWheel(FlowTable& table) : table_(table) { heads_.fill(kNoFlow); }

  // Files the flow under `due_ns` (kept in FlowHot::due_ns). It must not be in the wheel.
  void Insert(std::uint32_t index, std::int64_t due_ns);
  void Remove(std::uint32_t index);
  // Moves time on and takes out the flows whose bucket has passed, in the order they were filed.
  void Advance(std::int64_t now_ns, std::vector<std::uint32_t>& out);
  // Takes out all flows, by bucket.
  void TakeAll(std::vector<std::uint32_t>& out);
  // Time starts again at `now_ns`. The wheel must be empty.
  void Restart(std::int64_t now_ns);

 private:
  static constexpr std::int64_t kTickNs = 250'000'000;
  static constexpr std::uint64_t kBuckets = 2048;
  static std::int64_t TickOf(std::int64_t time_ns);
  void Empty(std::uint64_t bucket, std::vector<std::uint32_t>& out);

  FlowTable& table_;
  std::int64_t tick_ = INT64_MIN;  // the last one that has passed
  std::array<std::uint32_t, kBuckets> heads_;
};

}  // namespace tapiary::capture
