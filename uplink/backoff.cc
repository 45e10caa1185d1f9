#include "uplink/backoff.h"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "base/clock.h"

namespace tapiary::uplink {

namespace {

constexpr std::int64_t kLongestWaitNs = base::kNanosPerDay;

}  // namespace

std::optional<std::int64_t> ParseHttpDate(std::string_view text) {
  if (text.size() != 29) return std::nullopt;  // "Sun, 06 Nov 1994 08:49:37 GMT"
  const std::string copy(text);
  struct tm fields {};
  // The process never calls setlocale, so names of days and months are English.
  const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &fields);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<std::int64_t>(timegm(&fields)) * base::kNanosPerSecond;
}

std::optional<std::int64_t> ParseRetryAfter(std::string_view text, std::int64_t now_ns) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  std::uint64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (!text.empty() && end == text.data() + text.size() && error == std::errc()) {
    const auto most = static_cast<std::uint64_t>(kLongestWaitNs / base::kNanosPerSecond);
    return static_cast<std::int64_t>(std::min(seconds, most)) * base::kNanosPerSecond;
  }
  const auto date_ns = ParseHttpDate(text);
  if (!date_ns) return std::nullopt;
  return std::clamp<std::int64_t>(*date_ns - now_ns, 0, kLongestWaitNs);
}

Backoff::Backoff(const Options& options) : options_(options) {
  std::random_device device;
  const std::uint64_t from_system = (std::uint64_t{device()} << 32) | device();
  random_.seed(options.seed != 0 ? options.seed : from_system);
}

std::int64_t Backoff::Random(std::int64_t up_to_ns) {
  return std::uniform_int_distribution<std::int64_t>(0,
                                                     std::max<std::int64_t>(up_to_ns, 0))(random_);
}

std::int64_t Backoff::Next(std::optional<std::int64_t> retry_after_ns) {
  const std::uint32_t doublings = std::min<std::uint32_t>(failures_, 20);
  ++failures_;
  const std::int64_t limit_ns = std::min(options_.max_ns, options_.min_ns << doublings);
  if (!retry_after_ns) return Random(limit_ns);
  // Never earlier than asked for; and not all at that very moment.
  const std::int64_t spread_ns = std::min(options_.max_ns, std::max(*retry_after_ns, limit_ns));
  return *retry_after_ns + Random(spread_ns);
}

std::int64_t Backoff::Around(std::int64_t about_ns) {
  return about_ns / 2 + Random(about_ns / 2);
}

}  // namespace tapiary::uplink
