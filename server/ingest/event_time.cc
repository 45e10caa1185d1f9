// Times as honeypot services write them.
#include <string>

#include "base/clock.h"
#include "server/ingest/event_fields.h"

namespace tapiary::server {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// "+0200" at the end of a time of day.
bool EndsWithShortOffset(std::string_view text) {
  if (text.size() < 5) return false;
  const std::string_view tail = text.substr(text.size() - 5);
  return (tail[0] == '+' || tail[0] == '-') && IsDigit(tail[1]) && IsDigit(tail[2]) &&
         IsDigit(tail[3]) && IsDigit(tail[4]);
}

}  // namespace

std::optional<std::int64_t> ParseEventTime(std::string_view text) {
  constexpr std::size_t kDateAndTime = 19;  // 2026-11-25T12:00:00
  if (text.size() < kDateAndTime || text.size() > 40) return std::nullopt;
  std::string full(text);
  if (EndsWithShortOffset(text.substr(kDateAndTime))) {
    full.insert(full.size() - 2, ":");
  } else if (text.find_first_not_of(".0123456789", kDateAndTime) == std::string_view::npos) {
    full += 'Z';
  }
  const auto time = base::ParseTime(full);
  return time ? std::optional(*time) : std::nullopt;
}

}  // namespace tapiary::server
