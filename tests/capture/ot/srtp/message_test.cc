#include "capture/ot/srtp/message.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/srtp/mailbox.h"

namespace tapiary::capture::srtp {
namespace {

using test::Box;

TEST(SrtpMessage, ShortAndLongRequests) {
  Message message;
  ASSERT_TRUE(ReadMessage(Box().Sequence(5).Request(0x04, 0x08, 99, 4).bytes(), message));
  EXPECT_EQ(message.sequence, 5);
  EXPECT_EQ(message.service, 0x04);
  EXPECT_EQ(message.selector, 0x08);
  EXPECT_EQ(message.offset, 99);
  EXPECT_EQ(message.length, 4);
  ASSERT_TRUE(ReadMessage(Box().LongRequest(0x07, 0x0a, 3, 2, {1, 0, 2, 0}).bytes(), message));
  EXPECT_EQ(message.service, 0x07);
  EXPECT_EQ(message.selector, 0x0a);
  EXPECT_EQ(message.offset, 3);
  EXPECT_EQ(message.data.size(), 4u);
}

TEST(SrtpMessage, OT07_TypesAndLengthsAreChecked) {
  const auto front = [](std::vector<std::uint8_t> bytes) { return kFraming.front(bytes, true); };
  EXPECT_EQ(front(Box().bytes()).size, 56u);
  EXPECT_EQ(front(Box().LongRequest(7, 8, 0, 1, {1, 2}).bytes()).size, 58u);
  EXPECT_EQ(front({2}).kind, PduFront::Kind::kMore);
  EXPECT_EQ(front({4}).kind, PduFront::Kind::kBad);
  EXPECT_EQ(front({2, 1}).kind, PduFront::Kind::kBad);
  EXPECT_EQ(front({0, 0, 0, 1}).kind, PduFront::Kind::kBad);
  EXPECT_EQ(front(Box().Request(4, 8, 0, 1).Set(31, 0xd4).bytes()).kind, PduFront::Kind::kBad);
  EXPECT_EQ(front(Box().Request(4, 8, 0, 1).Set(5, 0xff).bytes()).kind, PduFront::Kind::kBad);
}

TEST(SrtpMessage, NamesTechniquesAndSegments) {
  for (const TechniqueRow& row : Techniques()) {
    EXPECT_FALSE(ServiceName(static_cast<std::uint8_t>(row.code)).empty()) << row.code;
  }
  EXPECT_EQ(ServiceName(0x43), "return_controller_type");
  EXPECT_EQ(ServiceName(0x7f), "");
  EXPECT_EQ(SegmentOf(0x46).name, "%I");
  EXPECT_EQ(SegmentOf(0x46).width, 1);
  EXPECT_EQ(SegmentOf(0x08).width, 16);
  EXPECT_EQ(SegmentOf(0xff).name, "");
}

}  // namespace
}  // namespace tapiary::capture::srtp
