// When to try again: exponential backoff with full jitter, and Retry-After in both its forms.
//
// Full jitter (a delay anywhere between nothing and the present limit) and a spread after
// Retry-After keep a fleet of sensors from returning in the same second (UP-04). Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

#include "base/clock.h"

namespace tapiary::uplink {

// RFC 9110 section 10.2.3: seconds or an HTTP date (IMF-fixdate), as a wait from `now_ns` (wall
// clock). Nothing for anything else; a date in the past is 0. At most a day.
std::optional<std::int64_t> ParseRetryAfter(std::string_view text, std::int64_t now_ns);

// An HTTP date as wall time, or nothing.
std::optional<std::int64_t> ParseHttpDate(std::string_view text);

class Backoff {
 public:
  struct Options {
    std::int64_t min_ns = base::kNanosPerSecond;  // limit of the first delay; doubles each time
    std::int64_t max_ns = 60 * base::kNanosPerSecond;
    std::uint64_t seed = 0;  // 0: from the system
  };
  explicit Backoff(const Options& options);

  void Reset() { failures_ = 0; }
  [[nodiscard]] std::uint32_t failures() const { return failures_; }

  // Counts a failure and gives the delay before the next try.
  std::int64_t Next(std::optional<std::int64_t> retry_after_ns = std::nullopt);
  // A delay of half to all of `about_ns`, not counted as a failure.
  std::int64_t Around(std::int64_t about_ns);

 private:
  std::int64_t Random(std::int64_t up_to_ns);

  Options options_;
  std::uint32_t failures_ = 0;
  std::mt19937_64 random_;
};

}  // namespace tapiary::uplink
