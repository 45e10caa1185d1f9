#include "server/auth/attempts.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kSecond = base::kNanosPerSecond;

TEST(Attempts, TwentyAMinuteThenWaits) {
  Attempts attempts;
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(attempts.Allowed("10.0.0.1", i * kSecond)) << i;
    EXPECT_EQ(attempts.Failed("10.0.0.1", i * kSecond), i == 19) << i;
  }
  EXPECT_FALSE(attempts.Allowed("10.0.0.1", 59 * kSecond));
  EXPECT_TRUE(attempts.Allowed("10.0.0.2", 59 * kSecond));
  EXPECT_TRUE(attempts.Allowed("10.0.0.1", 60 * kSecond));
  attempts.Failed("10.0.0.1", 60 * kSecond);
  EXPECT_TRUE(attempts.Allowed("10.0.0.1", 61 * kSecond));
}

TEST(Attempts, TellsOnceWhenThePeerHasToWait) {
  Attempts attempts(3);
  testing::internal::CaptureStderr();
  for (int i = 0; i < 10; ++i) attempts.Failed("10.0.0.1", i);
  const std::string log = testing::internal::GetCapturedStderr();
  const std::size_t at = log.find("10.0.0.1 failed 3 times");
  ASSERT_NE(at, std::string::npos) << log;
  EXPECT_EQ(log.find("10.0.0.1", at + 1), std::string::npos) << log;
}

TEST(Attempts, AnIPv6NetworkIsOnePeer) {
  Attempts attempts(1);
  attempts.Failed("2001:db8::1", 0);
  EXPECT_FALSE(attempts.Allowed("2001:db8::ffff", 0));
  EXPECT_TRUE(attempts.Allowed("2001:db8:0:1::1", 0));
  attempts.Failed("::ffff:10.0.0.1", 0);
  EXPECT_TRUE(attempts.Allowed("::ffff:10.0.0.2", 0));
}

TEST(Attempts, ForgetsTheOldestOfTooMany) {
  Attempts attempts(1, 2);
  attempts.Failed("a", 0);
  attempts.Failed("b", 1);
  attempts.Failed("c", 2);
  EXPECT_TRUE(attempts.Allowed("a", 3));
  EXPECT_FALSE(attempts.Allowed("b", 3));
  EXPECT_FALSE(attempts.Allowed("c", 3));
}

}  // namespace
}  // namespace tapiary::server
