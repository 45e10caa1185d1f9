#include "capture/flow/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/timing.h"

namespace tapiary::capture {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

class TimerWheelTest : public ::testing::Test {
 protected:
  std::uint32_t Add(std::int64_t due_ns) {
    FlowKey key;
    const std::uint32_t number = next_++;
    std::memcpy(key.low.data(), &number, sizeof number);
    const std::uint32_t index = table_.Insert(key, number, 0);
    wheel_.Insert(index, due_ns);
    return index;
  }
  std::vector<std::uint32_t> AdvanceTo(std::int64_t now_ns) {
    std::vector<std::uint32_t> out;
    wheel_.Advance(now_ns, out);
    return out;
  }

  FlowTable table_{100, 8};
  TimerWheel wheel_{table_};
  std::uint32_t next_ = 1;
};

TEST_F(TimerWheelTest, ComesUpAfterItsTimeAndNotBefore) {
  wheel_.Restart(100 * kSecond);
  const std::uint32_t first = Add(110 * kSecond);
  const std::uint32_t second = Add(120 * kSecond);
  EXPECT_TRUE(AdvanceTo(109 * kSecond).empty());
  EXPECT_EQ(AdvanceTo(110 * kSecond + 250'000'000), std::vector<std::uint32_t>{first});
  EXPECT_EQ(AdvanceTo(200 * kSecond), std::vector<std::uint32_t>{second});
  EXPECT_TRUE(AdvanceTo(300 * kSecond).empty());
}

TEST_F(TimerWheelTest, RemovedFlowsDoNotComeUp) {
  wheel_.Restart(0);
  const std::uint32_t a = Add(kSecond);
  const std::uint32_t b = Add(kSecond);
  const std::uint32_t c = Add(kSecond);
  wheel_.Remove(b);
  wheel_.Remove(b);  // twice is harmless
  EXPECT_EQ(AdvanceTo(10 * kSecond), (std::vector<std::uint32_t>{a, c}));
}

TEST_F(TimerWheelTest, FL04_TwentyYearsAreOneStep) {
  wheel_.Restart(0);
  const std::uint32_t index = Add(300 * kSecond);
  const std::int64_t start = timing::CpuNow();
  const std::int64_t later = 20 * 365 * 86400 * kSecond;
  EXPECT_EQ(AdvanceTo(later), std::vector<std::uint32_t>{index});
  EXPECT_LT(timing::CpuNow() - start, kSecond / 10);
}

TEST_F(TimerWheelTest, BeyondTheHorizonComesUpToBeFiledAgain) {
  wheel_.Restart(0);
  const std::uint32_t index = Add(INT64_MAX);
  std::vector<std::uint32_t> seen = AdvanceTo(1000 * kSecond);
  EXPECT_EQ(seen, std::vector<std::uint32_t>{index});
  EXPECT_GT(table_.hot(index).due_ns, 1000 * kSecond);
}

TEST_F(TimerWheelTest, FL04_TakenOutAndFiledUnderAnEarlierTime) {
  wheel_.Restart(1000 * kSecond);
  const std::uint32_t first = Add(1010 * kSecond);
  const std::uint32_t second = Add(2000 * kSecond);
  std::vector<std::uint32_t> all;
  wheel_.TakeAll(all);
  EXPECT_EQ(all.size(), 2u);
  wheel_.Restart(100 * kSecond);
  wheel_.Insert(first, 110 * kSecond);
  wheel_.Insert(second, 300 * kSecond);
  EXPECT_TRUE(AdvanceTo(109 * kSecond).empty());
  EXPECT_EQ(AdvanceTo(111 * kSecond), std::vector<std::uint32_t>{first});
  EXPECT_EQ(AdvanceTo(301 * kSecond), std::vector<std::uint32_t>{second});
}

TEST_F(TimerWheelTest, TimesBefore1970) {
  wheel_.Restart(-100 * kSecond);
  const std::uint32_t index = Add(-50 * kSecond);
  EXPECT_TRUE(AdvanceTo(-60 * kSecond).empty());
  EXPECT_EQ(AdvanceTo(-40 * kSecond), std::vector<std::uint32_t>{index});
}

}  // namespace
}  // namespace tapiary::capture
