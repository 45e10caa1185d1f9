#include "uplink/backoff.h"

#include <gtest/gtest.h>

#include <map>

namespace tapiary::uplink {
namespace {

constexpr std::int64_t kSecond = base::kNanosPerSecond;

TEST(Backoff, DelaysAreBoundedAndGrow) {
  Backoff backoff({kSecond, 60 * kSecond, 7});
  std::int64_t limit = kSecond;
  for (int i = 0; i < 100; ++i) {
    const std::int64_t delay = backoff.Next();
    EXPECT_GE(delay, 0);
    EXPECT_LE(delay, limit);
    limit = std::min(limit * 2, 60 * kSecond);
  }
  EXPECT_EQ(backoff.failures(), 100u);
  backoff.Reset();
  EXPECT_LE(backoff.Next(), kSecond);
}

TEST(Backoff, UP04_SensorsDoNotReturnInTheSameSecond) {
  // 200 sensors that have failed for a while, as after an outage.
  std::map<std::int64_t, int> per_second;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Backoff backoff({kSecond, 60 * kSecond, seed});
    for (int i = 0; i < 8; ++i) backoff.Next();
    ++per_second[backoff.Next() / kSecond];
  }
  for (const auto& [second, sensors] : per_second) EXPECT_LE(sensors, 10) << second;
}

TEST(Backoff, UP04_RetryAfterIsKeptAndSpread) {
  std::map<std::int64_t, int> per_second;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Backoff backoff({kSecond, 60 * kSecond, seed});
    const std::int64_t delay = backoff.Next(120 * kSecond);
    EXPECT_GE(delay, 120 * kSecond);
    EXPECT_LE(delay, 180 * kSecond);
    ++per_second[delay / kSecond];
  }
  for (const auto& [second, sensors] : per_second) EXPECT_LE(sensors, 10) << second;
}

TEST(RetryAfter, BothFormsAreRead) {
  const std::int64_t now = 784'111'777 * kSecond;  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), now);
  EXPECT_EQ(ParseRetryAfter("120", now), 120 * kSecond);
  EXPECT_EQ(ParseRetryAfter(" 5\t", now), 5 * kSecond);
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:51:37 GMT", now), 120 * kSecond);
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:00:00 GMT", now), 0);
}

TEST(RetryAfter, NonsenseIsIgnoredAndHugeIsCut) {
  for (const char* text : {"", "-1", "soon", "1.5", "12x", "Sun, 06 Nov 1994 08:49:37 CET"}) {
    EXPECT_EQ(ParseRetryAfter(text, 0), std::nullopt) << text;
  }
  EXPECT_EQ(ParseRetryAfter("18446744073709551615", 0), 86400 * kSecond);
}

}  // namespace
}  // namespace tapiary::uplink
