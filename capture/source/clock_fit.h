// ClockFit: turns the ticks of a counter (TSC, a NIC's clock) into UTC, by samples of both.
//
// A sample is added about once a second, outside of the packets' path. The rate is what the last
// samples measure, so that a NIC's clock that is not UTC (CAP-13) and a TSC that is a little off
// its nominal rate both come out right; a step of the wall clock is followed at the next sample.
// One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tapiary::capture {

struct ClockSample {
  std::uint64_t ticks = 0;
  std::int64_t wall_ns = 0;
};

class ClockFit {
 public:
  // `hertz` is where the rate begins, 0 when it is not known: then the first two samples say it.
  explicit ClockFit(double hertz = 0);

  void Add(ClockSample sample);
  // Only after a first sample. Exact to the sample's error and 1 ns a second.
  [[nodiscard]] std::int64_t ToWall(std::uint64_t ticks) const {
    const auto since = static_cast<std::int64_t>(ticks - anchor_.ticks);
    return anchor_.wall_ns + static_cast<std::int64_t>(static_cast<double>(since) * ns_per_tick_);
  }
  // Whether ToWall may be used: a sample, and a rate.
  [[nodiscard]] bool ready() const { return count_ > 0 && ns_per_tick_ > 0; }
  [[nodiscard]] double ns_per_tick() const { return ns_per_tick_; }

 private:
  static constexpr std::size_t kWindow = 16;

  std::array<ClockSample, kWindow> window_{};  // a ring; `count_` - 1 is the newest
  std::size_t count_ = 0;
  ClockSample anchor_;
  double nominal_ = 0;
  double ns_per_tick_ = 0;
};

}  // namespace tapiary::capture
