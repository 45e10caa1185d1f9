// Times by the NIC: what decides, and a NIC that has none. No NIC with a clock is at hand here.
#include "capture/source/nic_clock.h"

#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "tests/capture/source/veth_pair.h"

namespace tapiary::capture::test {
namespace {

constexpr std::int64_t kSecond = base::kNanosPerSecond;
constexpr std::int64_t kNow = 1'795'000'000 * kSecond;

TEST(NicClock, CAP13_TheStatusOfAFrameTellsWhoStampedIt) {
  EXPECT_TRUE(IsNicTime(TP_STATUS_TS_RAW_HARDWARE));
  EXPECT_TRUE(IsNicTime(TP_STATUS_USER | TP_STATUS_VLAN_VALID | TP_STATUS_TS_RAW_HARDWARE));
  EXPECT_FALSE(IsNicTime(TP_STATUS_USER | TP_STATUS_TS_SOFTWARE));
  EXPECT_FALSE(IsNicTime(0));
}

TEST(NicClock, CAP13_AClockThatIsRightStaysInUse) {
  NicClockCheck check;
  EXPECT_TRUE(check.Good(kNow, kNow - kSecond / 20, kNow + kSecond / 20));
  // An idle link's block was begun long ago, an overloaded reader is late.
  EXPECT_TRUE(check.Good(kNow, kNow - 300 * kSecond, kNow + 20 * kSecond));
  EXPECT_TRUE(check.Good(kNow + kSecond / 2, kNow, kNow));
  EXPECT_FALSE(check.bad());
}

TEST(NicClock, CAP13_ThirtySevenSecondsAheadIsNotBelieved) {
  NicClockCheck check;
  EXPECT_FALSE(check.Good(kNow + 37 * kSecond, kNow - kSecond / 20, kNow));
  EXPECT_TRUE(check.bad());
  EXPECT_EQ(check.offset_ns(), 37 * kSecond);
  EXPECT_FALSE(check.Good(kNow, kNow, kNow)) << "not again in this run";
}

TEST(NicClock, CAP13_ABehindClockIsNotBelieved) {
  NicClockCheck check;
  EXPECT_FALSE(check.Good(kNow - 37 * kSecond, kNow, kNow + kSecond / 20));
  EXPECT_EQ(check.offset_ns(), -37 * kSecond);
  NicClockCheck since_boot;
  EXPECT_FALSE(since_boot.Good(5 * kSecond, kNow, kNow));
}

TEST(NicClock, CAP13_ANicWithoutTimesIsToldAndLeftAsItWas) {
  VethPair pair;
  if (const std::string why = pair.Make(); !why.empty()) GTEST_SKIP() << why;
  const base::UniqueFd ring(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  NicClock clock;
  const auto enabled = clock.Enable(ring.get(), VethPair::kCapture);
  ASSERT_FALSE(enabled);
  EXPECT_NE(enabled.error().message.find("HWTSTAMP"), std::string::npos);
  EXPECT_FALSE(clock.enabled());
}

}  // namespace
}  // namespace tapiary::capture::test
