#include "capture/records.h"

#include <gtest/gtest.h>

namespace tapiary::capture {
namespace {

TEST(IpAddress, TextBothWays) {
  for (const char* const text : {"10.0.0.1", "255.255.255.255", "2001:db8::1", "::", "::1"}) {
    const auto address = ParseIpAddress(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(address->ToString(), text);
  }
  EXPECT_EQ(ParseIpAddress("10.0.0.1")->version, 4);
  EXPECT_EQ(ParseIpAddress("::1")->version, 6);
  EXPECT_EQ(IpAddress{}.ToString(), "");
  // An IPv4 address and the rest of its array say the same on every path.
  EXPECT_EQ(ParseIpAddress("10.0.0.1")->bytes[4], 0);
}

TEST(IpAddress, OtherTextIsNone) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv, "10.0.0"sv, "10.0.0.1 "sv, "10.0.0.256"sv, "::g"sv,
                                      "10.0.0.1\0"sv, "fe80::1%eth0"sv}) {
    EXPECT_FALSE(ParseIpAddress(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseIpAddress(std::string(1000, '1')).has_value());
}

TEST(FlowId, TextBothWays) {
  const FlowId id{0x19ab3c4d5e6, 0x4d2};
  EXPECT_EQ(id.ToString(), "19ab3c4d5e6.4d2");
  EXPECT_EQ(ParseFlowId("19ab3c4d5e6.4d2"), id);
  EXPECT_EQ(ParseFlowId("ffffffffffffffff.0"), (FlowId{UINT64_MAX, 0}));
  for (const char* const text :
       {"", ".", "1.", ".1", "1.2.3", "1.g", "-1.1", "0x1.1", " 1.1", "11111111111111111.1"}) {
    EXPECT_FALSE(ParseFlowId(text).has_value()) << text;
  }
}

TEST(MirrorQuality, ShareIsOfAllThatWasSent) {
  MirrorQuality quality;
  EXPECT_EQ(quality.missed_share(), 0);
  quality.Add({300, 100, 5});
  quality.Add({0, 0, 1});
  EXPECT_EQ(quality.missed_share(), 0.25);
  EXPECT_EQ(quality.copies, 6u);
}

TEST(Names, AreThoseOfTheContract) {
  EXPECT_EQ(ToString(RoleBy::kFirstSeen), "first-seen");
  EXPECT_EQ(ToString(EndReason::kEvicted), "evicted");
  EXPECT_EQ(ToString(TransactionStatus::kNoReply), "no-reply");
  EXPECT_EQ(ToString(TcpState::kMidstream), "midstream");
  EXPECT_EQ(FormatMac({2, 0, 0, 0xab, 0, 1}), "02:00:00:ab:00:01");
}

}  // namespace
}  // namespace tapiary::capture
