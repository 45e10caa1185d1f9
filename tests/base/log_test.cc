#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace tapiary::base {
namespace {

using ::testing::IsEmpty;
using ::testing::MatchesRegex;

constexpr const char* kTime = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z ";

std::string Logged(const std::function<void()>& act) {
  ::testing::internal::CaptureStderr();
  act();
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, LineHasTimeLevelAndMessageWithoutColour) {
  EXPECT_THAT(Logged([] { LogInfo("disk is {}", "full"); }),
              MatchesRegex(std::string(kTime) + "info  disk is full\n"));
  EXPECT_THAT(Logged([] { LogWarning("w"); }), MatchesRegex(std::string(kTime) + "warning w\n"));
  EXPECT_THAT(Logged([] { LogError("e"); }), MatchesRegex(std::string(kTime) + "error e\n"));
}

TEST(Log, LevelsBelowAreSilent) {
  EXPECT_THAT(Logged([] { LogAt(LogLevel::kDebug, "hidden"); }), IsEmpty());
  SetLogLevel(LogLevel::kWarning);
  EXPECT_THAT(Logged([] { LogInfo("hidden"); }), IsEmpty());
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
  SetLogLevel(LogLevel::kDebug);
  EXPECT_THAT(Logged([] { LogAt(LogLevel::kDebug, "shown"); }),
              MatchesRegex(std::string(kTime) + "debug shown\n"));
  SetLogLevel(LogLevel::kInfo);
}

TEST(Log, ControlCharactersCannotForgeALine) {
  EXPECT_THAT(Logged([] { LogInfo("a{}b", "\n2026-01-01 error \x1b[31m"); }),
              MatchesRegex(std::string(kTime) + "info  a[?]2026-01-01 error [?]\\[31mb\n"));
}

TEST(Log, BracesInTextAreNotFormatted) {
  EXPECT_THAT(Logged([] { Log(LogLevel::kInfo, "{} {0:n}"); }),
              MatchesRegex(std::string(kTime) + "info  [{][}] [{]0:n[}]\n"));
}

TEST(Log, ParsesLevels) {
  EXPECT_EQ(ParseLogLevel("debug").value(), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("info").value(), LogLevel::kInfo);
  EXPECT_EQ(ParseLogLevel("warning").value(), LogLevel::kWarning);
  EXPECT_EQ(ParseLogLevel("error").value(), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("loud").error().message,
            "not a log level: 'loud' (debug, info, warning or error)");
}

TEST(RateLimit, LetsOneThroughAndCountsTheRest) {
  RateLimit limit(500'000'000);
  std::uint64_t suppressed = 99;
  EXPECT_TRUE(limit.Allow(&suppressed));
  EXPECT_EQ(suppressed, 0u);
  EXPECT_FALSE(limit.Allow(&suppressed));
  EXPECT_FALSE(limit.Allow(&suppressed));
  std::this_thread::sleep_for(std::chrono::milliseconds(510));
  EXPECT_TRUE(limit.Allow(&suppressed));
  EXPECT_EQ(suppressed, 2u);
}

}  // namespace
}  // namespace tapiary::base
