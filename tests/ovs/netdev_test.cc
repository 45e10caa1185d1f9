// What needs no privileges; the rest is exercised by tests/integration/ovs_testbed.sh.
#include "ovs/netdev.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tapiary::ovs {
namespace {

TEST(Netdev, MarksAreStable) {
  // Written into systems: a change would leave testbeds of an older version behind.
  EXPECT_EQ(LinkMark("demo"), "tapiary:demo");
  EXPECT_EQ(MarkMac("demo", "plc"), MarkMac("demo", "plc"));
  EXPECT_EQ(MarkMac("demo", "plc").size(), 17U);
  EXPECT_EQ(MarkMac("demo", "plc").substr(0, 6), "aa:54:");
  EXPECT_NE(MarkMac("demo", "plc"), MarkMac("demo", "plc2"));
  EXPECT_NE(MarkMac("demo", "plc"), MarkMac("demo2", "plc"));
}

TEST(Netdev, OwnershipByAliasOrByAddress) {
  LinkInfo link;
  link.name = "plc";
  EXPECT_FALSE(IsOurLink(link, "demo"));
  link.alias = "tapiary:demo2";
  EXPECT_FALSE(IsOurLink(link, "demo"));
  link.alias = "tapiary:demo";
  EXPECT_TRUE(IsOurLink(link, "demo"));
  link.alias = "";
  link.mac = MarkMac("demo", "plc");  // killed between creation and alias
  EXPECT_TRUE(IsOurLink(link, "demo"));
}

TEST(Netdev, ListsLoopback) {
  const auto links = ListLinks("");
  ASSERT_TRUE(links) << links.error().message;
  EXPECT_TRUE(std::any_of(links->begin(), links->end(),
                          [](const LinkInfo& link) { return link.name == "lo"; }));
}

}  // namespace
}  // namespace tapiary::ovs
