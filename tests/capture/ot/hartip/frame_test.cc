#include "capture/ot/hartip/frame.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/hartip/messages.h"

namespace tapiary::capture::hartip {
namespace {

TEST(HartIpFrame, OT07_LengthsAreBounded) {
  EXPECT_EQ(kFraming.front(test::Hex("010003000001 0012"), true).size, 18u);
  EXPECT_EQ(kFraming.front(test::Hex("010003000001 0007"), true).kind, PduFront::Kind::kBad);
  EXPECT_EQ(kFraming.front(test::Hex("010003000001 ffff"), true).kind, PduFront::Kind::kBad);
  EXPECT_EQ(kFraming.front(test::Hex("030003000001 0012"), true).kind, PduFront::Kind::kBad);
  EXPECT_EQ(kFraming.front(test::Hex("0104"), true).kind, PduFront::Kind::kBad);
  EXPECT_EQ(kFraming.front(test::Hex("0100030000"), true).kind, PduFront::Kind::kMore);
}

TEST(HartIpFrame, HeaderAndBody) {
  const std::vector<std::uint8_t> bytes = test::Hex("020103080102 000a aabb");
  Message message;
  ASSERT_TRUE(ReadMessage(bytes, message));
  EXPECT_EQ(message.version, 2);
  EXPECT_EQ(message.type, kResponse);
  EXPECT_EQ(message.id, kPassThrough);
  EXPECT_EQ(message.status, 8);
  EXPECT_EQ(message.sequence, 0x0102);
  EXPECT_EQ(message.body.size(), 2u);
}

TEST(HartIpFrame, ShortLongAndExpandedPdus) {
  HartPdu pdu;
  std::vector<std::uint8_t> bytes = test::Hex(Hart("0280", 0, ""));
  ASSERT_TRUE(ReadHart(bytes, pdu));
  EXPECT_EQ(pdu.address.size(), 1u);
  EXPECT_EQ(pdu.frame_type(), kStx);
  EXPECT_TRUE(pdu.checksum_good);
  bytes = test::Hex(Hart("a6a606aabbcc 55", 3, "0000"));  // one expansion byte
  ASSERT_TRUE(ReadHart(bytes, pdu));
  EXPECT_EQ(pdu.address.size(), 5u);
  EXPECT_EQ(pdu.command, 3);
  EXPECT_EQ(pdu.data.size(), 2u);
  EXPECT_EQ(pdu.extra, 0u);
  bytes.back() ^= 1;
  ASSERT_TRUE(ReadHart(bytes, pdu));
  EXPECT_FALSE(pdu.checksum_good);
}

TEST(HartIpFrame, OT07_EveryPrefixOfAPduIsMissingBytes) {
  const std::vector<std::uint8_t> bytes = test::Hex(Hart(kAsk, 17, "000102"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    HartPdu pdu;
    EXPECT_FALSE(ReadHart(base::Bytes(bytes).first(size), pdu)) << size;
    EXPECT_EQ(pdu.header, size >= 8) << size;
  }
}

bool Plausible(const std::string& hex, bool from_client) {
  return kFraming.plausible(test::Hex(hex), from_client);
}

// What looks like a header must say the same about its length as the body does.
TEST(HartIpFrame, OT04_OT07_TheBodyTellsWhetherAHeaderIsOne) {
  EXPECT_TRUE(Plausible(Ask(1, 18, "0102"), true));
  EXPECT_TRUE(Plausible(Answer(1, 18, "00000102"), false));
  EXPECT_FALSE(Plausible(Ask(1, 18, "0102"), false));
  EXPECT_FALSE(Plausible("010003000001 1000", true));        // no HART PDU has 4 KiB
  EXPECT_FALSE(Plausible("010003000001 0020 86a6", true));   // an answer's delimiter
  EXPECT_FALSE(Plausible("010003000001 0020 8286", false));  // a request's type
  EXPECT_FALSE(Plausible(Hip(0, 3, 1, "82a606aabbcc 2a 09 00"), true));
  EXPECT_TRUE(Plausible(Hip(0, 4, 5, "0000 0000 00 0006 01 03"), true));
  EXPECT_FALSE(Plausible(Hip(0, 4, 5, "0000 0000 00 0006 02 03"), true));
  EXPECT_FALSE(Plausible("020105000001 1000 0000", false));  // 4 KiB that nothing vouches for
  EXPECT_TRUE(Plausible("020105000001 0100 0000", false));
}

TEST(HartIpFrame, OT10_EveryPrefixOfAMessageIsPlausible) {
  for (const std::string& hex : {Ask(1, 18, "010203"), Hip(0, 4, 5, "0000 0000 00 0006 01 03"),
                                 Hip(0, 0, 1, "0100002710")}) {
    const std::vector<std::uint8_t> bytes = test::Hex(hex);
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
      EXPECT_TRUE(kFraming.plausible(base::Bytes(bytes).first(size), true)) << hex << size;
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::hartip
