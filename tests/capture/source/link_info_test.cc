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

}  // namespace
}  // namespace tapiary::capture::test
