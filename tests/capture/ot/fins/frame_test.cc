#include "capture/ot/fins/frame.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::fins {
namespace {

using test::Hex;

TEST(FinsFrame, HeaderTellsWhoAsks) {
  Frame frame;
  ASSERT_TRUE(ReadFrame(Hex("c1000200010000020005 0101 0000"), frame));
  EXPECT_TRUE(frame.response);
  EXPECT_FALSE(frame.wants_reply);
  EXPECT_EQ(frame.destination[1], 1);
  EXPECT_EQ(frame.source[1], 2);
  EXPECT_EQ(frame.sid, 5);
  EXPECT_EQ(frame.command, 0x0101);
  EXPECT_EQ(frame.data.size(), 2u);
}

TEST(FinsFrame, ImpossibleHeadersAreRefused) {
  Frame frame;
  for (const char* const hex :
       {"00000200010000020005 0101", "80010200010000020005 0101", "80000800010000020005 0101",
        "82000200010000020005 0101", "80000200010000020005 01"}) {
    EXPECT_FALSE(ReadFrame(Hex(hex), frame)) << hex;
  }
}

TEST(FinsFrame, OT07_WrapperLengthIsBounded) {
  EXPECT_EQ(kFraming.front(Hex("46494e53 00000014"), true).size, 28u);
  EXPECT_EQ(kFraming.front(Hex("46494e"), true).kind, PduFront::Kind::kMore);
  EXPECT_EQ(kFraming.front(Hex("46494e54"), true).kind, PduFront::Kind::kBad);
  EXPECT_EQ(kFraming.front(Hex("46494e53 00000007"), true).kind, PduFront::Kind::kBad);
  EXPECT_EQ(kFraming.front(Hex("46494e53 7fffffff"), true).kind, PduFront::Kind::kBad);
}

}  // namespace
}  // namespace tapiary::capture::fins
