#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::base {

namespace {

spdlog::logger& Logger() {
  static spdlog::logger logger("tapiary", [] {
    const char* no_color = std::getenv("NO_COLOR");
    const bool never = no_color != nullptr && *no_color != '\0';
    auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(
        never ? spdlog::color_mode::never : spdlog::color_mode::automatic);
    sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v", spdlog::pattern_time_type::utc));
    return sink;
  }());
  return logger;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                   spdlog::level::warn, spdlog::level::err};
  return kLevels[static_cast<std::size_t>(level)];
}

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

}  // namespace

Result<LogLevel> ParseLogLevel(std::string_view text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "info") return LogLevel::kInfo;
  if (text == "warning") return LogLevel::kWarning;
  if (text == "error") return LogLevel::kError;
  return MakeError(ErrorCode::kInvalid, "not a log level: '" + EscapeBytes(text.substr(0, 40)) +
                                            "' (debug, info, warning or error)");
}

void SetLogLevel(LogLevel level) {
  Logger().set_level(ToSpdlog(level));
}

bool LogEnabled(LogLevel level) {
  return Logger().should_log(ToSpdlog(level));
}

// A message stays one line even when somebody forgot to escape what came from outside.
void Log(LogLevel level, std::string_view message) {
  std::string line(message);
  std::replace_if(line.begin(), line.end(), IsControl, '?');
  Logger().log(ToSpdlog(level), line);
}

bool RateLimit::Allow(std::uint64_t* suppressed) {
  const std::int64_t now = SteadyNow();
  if (now < next_ns_) {
    ++suppressed_;
    return false;
  }
  next_ns_ = now + interval_ns_;
  *suppressed = std::exchange(suppressed_, 0);
  return true;
}

}  // namespace tapiary::base
