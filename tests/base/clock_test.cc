#include "base/clock.h"

#include <gtest/gtest.h>

#include <ctime>
#include <limits>

namespace tapiary::base {
namespace {

TEST(Clock, FormatsNineDigitsAndZ) {
  EXPECT_EQ(FormatTime(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(FormatTime(1'700'000'000'123'456'789), "2023-11-14T22:13:20.123456789Z");
  EXPECT_EQ(FormatTime(-1), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(FormatTime(-kNanosPerSecond), "1969-12-31T23:59:59.000000000Z");
}

TEST(Clock, FormatsTheEndsOfTheRange) {
  EXPECT_EQ(FormatTime(std::numeric_limits<std::int64_t>::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(FormatTime(std::numeric_limits<std::int64_t>::min()), "1677-09-21T00:12:43.145224192Z");
}

TEST(Clock, ParsesWhatItFormats) {
  for (const std::int64_t time : {std::int64_t{0}, std::int64_t{1'700'000'000'123'456'789},
                                  std::int64_t{-1}, std::int64_t{951'782'399'000'000'001}}) {
    const auto parsed = ParseTime(FormatTime(time));
    ASSERT_TRUE(parsed) << parsed.error().ToString();
    EXPECT_EQ(*parsed, time);
  }
}

TEST(Clock, ParsesRfc3339Variants) {
  constexpr std::int64_t kNoon = 1'795'608'000 * kNanosPerSecond;  // 2026-11-25T12:00:00Z
  EXPECT_EQ(ParseTime("2026-11-25T12:00:00Z").value(), kNoon);
  EXPECT_EQ(ParseTime("2026-11-25 12:00:00z").value(), kNoon);
  EXPECT_EQ(ParseTime("2026-11-25t14:00:00+02:00").value(), kNoon);
  EXPECT_EQ(ParseTime("2026-11-25T14:00:00+0200").value(), kNoon);
  EXPECT_EQ(ParseTime("2026-11-25T06:30:00-05:30").value(), kNoon);
  EXPECT_EQ(ParseTime("2026-11-25T12:00:00.5Z").value(), kNoon + kNanosPerSecond / 2);
  EXPECT_EQ(ParseTime("2026-11-25T12:00:00,000000001Z").value(), kNoon + 1);
  EXPECT_EQ(ParseTime("2026-11-25T12:00:00.0000000019999Z").value(), kNoon + 1);
  EXPECT_EQ(ParseTime("2026-11-25").value(), kNoon - 12 * 3600 * kNanosPerSecond);
}

TEST(Clock, AgreesWithTheSystemCalendar) {
  for (std::time_t day = -100'000; day < 100'000; day += 37) {
    const std::time_t seconds = day * 86'400;
    std::tm utc{};
    ASSERT_NE(::gmtime_r(&seconds, &utc), nullptr);
    char text[32];
    ASSERT_GT(std::strftime(text, sizeof text, "%Y-%m-%d", &utc), 0u);
    ASSERT_EQ(ParseTime(text).value(), seconds * kNanosPerSecond) << text;
  }
}

TEST(Clock, RefusesWhatIsNoTime) {
  for (const char* text :
       {"",
        "x",
        "2026",
        "2026-11-25T",
        "2026-11-25T12:00",
        "2026-11-25T12:00:00",
        "2026-02-29T00:00:00Z",
        "2026-13-01",
        "2026-00-01",
        "2026-11-25T24:00:00Z",
        "2026-11-25T12:60:00Z",
        "2026-11-25T12:00:61Z",
        "2026-11-25T12:00:00Zx",
        "2026-11-25T12:00:00+24:00",
        "2026-11-25T12:00:00+02",
        "2026-11-25T12:00:00+-2:00",
        "9999-01-01",
        "0001-01-01",
        " 2026-11-25",
        "2026-11-2 ",
        "-026-11-25",
        "2026-11-25T12:00:00.111111111111111111111111111111111111111111111111111111111111111Z"}) {
    const auto parsed = ParseTime(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
  }
  EXPECT_EQ(ParseTime("a\x1b[31m").error().message, "not a time: 'a\\x1b[31m' (RFC 3339 expected)");
}

TEST(Clock, SteadyNeverGoesBackAndWallIsNow) {
  const std::int64_t first = SteadyNow();
  EXPECT_GE(SteadyNow(), first);
  EXPECT_NEAR(static_cast<double>(WallNow() / kNanosPerSecond),
              static_cast<double>(std::time(nullptr)), 2.0);
}

}  // namespace
}  // namespace tapiary::base
