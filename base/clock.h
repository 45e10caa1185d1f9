// Time as signed nanoseconds since 1970-01-01 UTC, and its RFC 3339 text.
//
// Packet times come from packets; WallNow is for everything else that is shown or stored, and
// SteadyNow for durations. All functions may be called from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tapiary::base {

inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
inline constexpr std::int64_t kNanosPerMilli = 1'000'000;
inline constexpr std::int64_t kNanosPerMinute = 60 * kNanosPerSecond;
inline constexpr std::int64_t kNanosPerHour = 60 * kNanosPerMinute;
inline constexpr std::int64_t kNanosPerDay = 24 * kNanosPerHour;

std::int64_t WallNow();    // ns since the epoch; may jump
std::int64_t SteadyNow();  // ns since some start; never goes back

// "2026-11-25T12:00:00.123456789Z". Always nine fraction digits, always Z. Years outside 0-9999 are
// impossible for a 64-bit nanosecond count (1677-2262).
std::string FormatTime(std::int64_t time_ns);

// Reads RFC 3339 with zero to nine fraction digits (more are cut), 'T' or ' ' between date and
// time, and Z or an offset. A date alone is midnight UTC. kInvalid for anything else.
Result<std::int64_t> ParseTime(std::string_view text);

}  // namespace tapiary::base
