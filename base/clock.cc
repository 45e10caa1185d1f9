#include "base/clock.h"

#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <optional>

#include "base/text.h"

namespace tapiary::base {

namespace {

// Seconds east of UTC, from "Z", "+02:00" or "+0200".
std::optional<std::int64_t> ParseOffset(std::string text) {
  if (text.size() == 6 && text[3] == ':') text.erase(3, 1);
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 5 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  if (text.find_first_not_of("0123456789", 1) != text.npos) return std::nullopt;
  const int number = std::atoi(text.c_str() + 1);
  if (number / 100 > 23 || number % 100 > 59) return std::nullopt;
  const std::int64_t seconds = number / 100 * 3600LL + number % 100 * 60LL;
  return text[0] == '-' ? -seconds : seconds;
}

std::optional<std::int64_t> ParseOrNothing(std::string text) {
  constexpr std::int64_t kMaxSeconds =
      std::numeric_limits<std::int64_t>::max() / kNanosPerSecond - 1;
  if (text.size() > 64) return std::nullopt;
  if (text.size() == 10) text += "T00:00:00Z";
  std::string shape = text.substr(0, 19);
  for (char& c : shape) c = c >= '0' && c <= '9' ? 'd' : c == 't' || c == ' ' ? 'T' : c;
  if (shape != "dddd-dd-ddTdd:dd:dd") return std::nullopt;
  const auto number = [&](std::size_t at) { return (text[at] - '0') * 10 + text[at + 1] - '0'; };
  const std::chrono::year_month_day day{std::chrono::year{number(0) * 100 + number(2)},
                                        std::chrono::month{static_cast<unsigned>(number(5))},
                                        std::chrono::day{static_cast<unsigned>(number(8))}};
  if (!day.ok() || number(11) > 23 || number(14) > 59 || number(17) > 60) return std::nullopt;
  std::size_t at = 19;
  std::int64_t nanos = 0;
  if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
    std::int64_t scale = kNanosPerSecond / 10;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) {
      nanos += (text[at] - '0') * scale;
    }
  }
  const auto offset = ParseOffset(text.substr(at));
  if (!offset) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{day}.time_since_epoch().count();
  const std::int64_t seconds =
      days * 86'400 + number(11) * 3600LL + number(14) * 60LL + number(17) - *offset;
  if (seconds > kMaxSeconds || seconds < -kMaxSeconds) return std::nullopt;
  return seconds * kNanosPerSecond + nanos;
}

}  // namespace

std::int64_t WallNow() {
  return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::int64_t SteadyNow() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string FormatTime(std::int64_t time_ns) {
  std::int64_t nanos = time_ns % kNanosPerSecond;
  if (nanos < 0) nanos += kNanosPerSecond;
  const std::time_t seconds = time_ns / kNanosPerSecond - (time_ns % kNanosPerSecond < 0 ? 1 : 0);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, nanos);
}

Result<std::int64_t> ParseTime(std::string_view text) {
  if (const auto time = ParseOrNothing(std::string(text.substr(0, 65)))) return *time;
  return MakeError(ErrorCode::kInvalid,
                   "not a time: '" + EscapeBytes(text.substr(0, 40)) + "' (RFC 3339 expected)");
}

}  // namespace tapiary::base
