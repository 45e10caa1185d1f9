#include "base/clock.h"

#include <chrono>
#include <cstdio>
#include <limits>
#include <optional>

namespace tapiary::base {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

// Consumes exactly `digits` decimal digits.
std::optional<int> TakeNumber(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool TakeChar(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> TakeDate(std::string_view& text) {
  const auto year = TakeNumber(text, 4);
  if (!year || !TakeChar(text, "-")) return std::nullopt;
  const auto month = TakeNumber(text, 2);
  if (!month || !TakeChar(text, "-")) return std::nullopt;
  const auto day = TakeNumber(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return sys_days{date}.time_since_epoch().count() * 86'400LL;
}

std::optional<std::int64_t> TakeTimeOfDay(std::string_view& text) {
  const auto hour = TakeNumber(text, 2);
  if (!hour || *hour > 23 || !TakeChar(text, ":")) return std::nullopt;
  const auto minute = TakeNumber(text, 2);
  if (!minute || *minute > 59 || !TakeChar(text, ":")) return std::nullopt;
  const auto second = TakeNumber(text, 2);
  if (!second || *second > 60) return std::nullopt;
  return *hour * 3600LL + *minute * 60LL + *second;
}

std::int64_t TakeFraction(std::string_view& text) {
  std::int64_t nanos = 0;
  std::int64_t scale = 100'000'000;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    nanos += (text.front() - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
  }
  return nanos;
}

// Seconds east of UTC, from "Z", "+02:00" or "+0200".
std::optional<std::int64_t> TakeOffset(std::string_view& text) {
  if (TakeChar(text, "Zz")) return 0;
  const bool west = !text.empty() && text.front() == '-';
  if (!TakeChar(text, "+-")) return std::nullopt;
  const auto hours = TakeNumber(text, 2);
  if (!hours || *hours > 23) return std::nullopt;
  (void)TakeChar(text, ":");
  const auto minutes = TakeNumber(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const std::int64_t seconds = *hours * 3600LL + *minutes * 60LL;
  return west ? -seconds : seconds;
}

std::optional<std::int64_t> ParseOrNothing(std::string_view text) {
  constexpr std::int64_t kMaxSeconds =
      std::numeric_limits<std::int64_t>::max() / kNanosPerSecond - 1;
  const auto date = TakeDate(text);
  if (!date || *date > kMaxSeconds || *date < -kMaxSeconds) return std::nullopt;
  if (text.empty()) return *date * kNanosPerSecond;
  if (!TakeChar(text, "Tt ")) return std::nullopt;
  const auto time = TakeTimeOfDay(text);
  if (!time) return std::nullopt;
  std::int64_t nanos = 0;
  if (TakeChar(text, ".,")) nanos = TakeFraction(text);
  const auto offset = TakeOffset(text);
  if (!offset || !text.empty()) return std::nullopt;
  const std::int64_t seconds = *date + *time - *offset;
  if (seconds > kMaxSeconds || seconds < -kMaxSeconds) return std::nullopt;
  return seconds * kNanosPerSecond + nanos;
}

}  // namespace

std::int64_t WallNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t SteadyNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string FormatTime(std::int64_t time_ns) {
  const std::chrono::sys_time<std::chrono::nanoseconds> point{std::chrono::nanoseconds{time_ns}};
  const auto day = std::chrono::floor<days>(point);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{point - day};
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d.%09dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return buffer;
}

Result<std::int64_t> ParseTime(std::string_view text) {
  if (const auto time = ParseOrNothing(text)) return *time;
  return MakeError(ErrorCode::kInvalid,
                   "not a time: '" + std::string(text.substr(0, 40)) + "' (RFC 3339 expected)");
}

}  // namespace tapiary::base
