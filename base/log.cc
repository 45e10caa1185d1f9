#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::base {

namespace {

std::shared_ptr<spdlog::logger> MakeLogger() {
  const char* no_color = std::getenv("NO_COLOR");
  const bool never = no_color != nullptr && *no_color != '\0';
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(
      never ? spdlog::color_mode::never : spdlog::color_mode::automatic);
  auto logger = std::make_shared<spdlog::logger>("tapiary", std::move(sink));
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v", spdlog::pattern_time_type::utc));
  return logger;
}

// Shared only because spdlog's constructors ask for it; it lives until the process ends.
spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = MakeLogger();
  return *logger;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
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
  std::string line;
  line.reserve(message.size());
  for (const char c : message) {
    if (IsControl(c)) {
      line += EscapeBytes(std::string_view(&c, 1));
    } else {
      line += c;
    }
  }
  Logger().log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
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
