#include "capture/source/clock_fit.h"

#include <algorithm>
#include <cmath>

#include "base/clock.h"

namespace tapiary::capture {

namespace {

constexpr double kNanos = 1e9;
// No oscillator is off by so much; the wall clock was set.
constexpr double kMaxOff = 1e-3;
// Over a shorter time the error of the samples would be larger than that of the nominal rate.
constexpr std::int64_t kMinSpanNs = 200 * base::kNanosPerMilli;

}  // namespace

ClockFit::ClockFit(double hertz)
    : nominal_(hertz > 0 ? kNanos / hertz : 0), ns_per_tick_(nominal_) {}

void ClockFit::Add(ClockSample sample) {
  if (count_ > 0) {
    const ClockSample& oldest = window_[count_ > kWindow ? count_ % kWindow : 0];
    const auto ticks = static_cast<std::int64_t>(sample.ticks - oldest.ticks);
    const std::int64_t wall = sample.wall_ns - oldest.wall_ns;
    const double rate = ticks > 0 ? static_cast<double>(wall) / static_cast<double>(ticks) : 0;
    const bool known = nominal_ > 0;
    if (ticks <= 0 || wall <= 0 || (known && std::abs(rate / nominal_ - 1) > kMaxOff)) {
      // One of the clocks stepped: a short span can look like that by the samples' error too.
      if (ticks <= 0 || wall <= 0 || wall >= kMinSpanNs) count_ = 0;
    } else if (!known || wall >= kMinSpanNs) {
      ns_per_tick_ = rate;
      if (wall >= kMinSpanNs) nominal_ = known ? nominal_ : rate;
    }
  }
  anchor_ = sample;
  window_[count_ % kWindow] = sample;
  ++count_;
}

}  // namespace tapiary::capture
