// Asking the kernel about interfaces by name.
#include "capture/source/link_info.h"

#include <gtest/gtest.h>
#include <net/if_arp.h>

namespace tapiary::capture::test {
namespace {

TEST(LinkWatch, LoopbackIsKnown) {
  LinkWatch watch;
  ASSERT_TRUE(watch.Open());
  for (int i = 0; i < 3; ++i) {
    const auto link = watch.Get("lo");
    ASSERT_TRUE(link) << link.error().message;
    EXPECT_EQ(link->index, 1);
    EXPECT_TRUE(link->loopback);
    EXPECT_EQ(link->hardware_type, unsigned{ARPHRD_LOOPBACK});
  }
}

TEST(LinkWatch, CAP07_NamesThatAreNone) {
  LinkWatch watch;
  ASSERT_TRUE(watch.Open());
  EXPECT_EQ(watch.Get("nosuch0").error().code, base::ErrorCode::kNotFound);
  for (const std::string& name : {std::string(), std::string(16, 'x'), std::string("a\0b", 3)}) {
    EXPECT_EQ(watch.Get(name).error().code, base::ErrorCode::kInvalid);
  }
  EXPECT_TRUE(watch.Get("lo")) << "an error does not spoil the next answer";
}

TEST(SilenceCheck, CAP07_ReceivingWithoutSeeingIsFoundAfterAMinute) {
  constexpr std::int64_t kSecond = base::kNanosPerSecond;
  SilenceCheck check;
  EXPECT_FALSE(check.Note(1000, 0, 0));
  EXPECT_FALSE(check.Note(5000, 0, 59 * kSecond));
  EXPECT_TRUE(check.Note(5000, 0, 60 * kSecond));
  EXPECT_TRUE(check.Note(6000, 0, 61 * kSecond));
  EXPECT_FALSE(check.Note(6001, 1, 62 * kSecond)) << "one came: it works";
  EXPECT_FALSE(check.Note(9000, 1, 121 * kSecond));
  EXPECT_TRUE(check.Note(9000, 1, 122 * kSecond));
}

TEST(SilenceCheck, CAP07_AnIdleOrAnotherInterfaceIsNotSilent) {
  constexpr std::int64_t kSecond = base::kNanosPerSecond;
  SilenceCheck idle;
  EXPECT_FALSE(idle.Note(1000, 7, 0));
  EXPECT_FALSE(idle.Note(1003, 7, 600 * kSecond)) << "a few that never leave the NIC";
  SilenceCheck other;
  EXPECT_FALSE(other.Note(1000, 7, 0));
  EXPECT_FALSE(other.Note(20, 7, 100 * kSecond)) << "made again: it counts from nothing";
  EXPECT_FALSE(other.Note(90, 7, 120 * kSecond));
  EXPECT_TRUE(other.Note(90, 7, 160 * kSecond));
}

}  // namespace
}  // namespace tapiary::capture::test
