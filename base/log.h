// The log: talk on stderr, one line a message, level and time first. Any thread may call it, but
// never the packet path. Secrets are never passed to it. Text from outside goes through EscapeBytes
// first.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace tapiary::base {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

Result<LogLevel> ParseLogLevel(std::string_view text);  // debug, info, warning, error
void SetLogLevel(LogLevel level);
bool LogEnabled(LogLevel level);
void Log(LogLevel level, std::string_view message);

template <class... Args>
void LogAt(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (LogEnabled(level)) Log(level, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  LogAt(LogLevel::kInfo, format, std::forward<Args>(args)...);
}
template <class... Args>
void LogWarning(fmt::format_string<Args...> format, Args&&... args) {
  LogAt(LogLevel::kWarning, format, std::forward<Args>(args)...);
}
template <class... Args>
void LogError(fmt::format_string<Args...> format, Args&&... args) {
  LogAt(LogLevel::kError, format, std::forward<Args>(args)...);
}

// Lets one message through per `interval`, and tells how many it held back since. Not thread-safe.
class RateLimit {
 public:
  explicit RateLimit(std::int64_t interval_ns) : interval_ns_(interval_ns) {}
  // True when a message may be logged now; *suppressed is set to the number held back before.
  bool Allow(std::uint64_t* suppressed);

 private:
  std::int64_t interval_ns_;
  std::int64_t next_ns_ = 0;
  std::uint64_t suppressed_ = 0;
};

}  // namespace tapiary::base
