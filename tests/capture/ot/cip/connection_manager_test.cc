#include "capture/ot/cip/connection_manager.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/cip/decode_support.h"

namespace tapiary::capture::cip {
namespace {

using test::Exchange;
using test::Flagged;
using test::Get;
using test::Hex;
using test::Request;

TEST(CipConnectionManager, ForwardOpenHasItsParameters) {
  const Transaction open = Exchange(capture::test::ForwardOpen(20, 0x80fe0013),
                                    capture::test::ForwardOpenReply(20, 0x00790b01, 0x80fe0013));
  EXPECT_EQ(Get(open, "transport_class"), "3");
  EXPECT_EQ(Get(open, "o_to_t_rpi_us"), "8000000");
  EXPECT_EQ(Get(open, "o_to_t_size"), "500");
  EXPECT_EQ(Get(open, "o_to_t_type"), "point_to_point");
  EXPECT_EQ(Get(open, "originator_serial"), "0x32952bf3");
  EXPECT_EQ(Get(open, "route"), "1/0");
  EXPECT_EQ(Get(open, "connected_class"), "2");
  EXPECT_EQ(Get(open, "o_to_t_connection_id"), "0x00790b01");
  EXPECT_TRUE(Flagged(Request("54 02 20 06 24 01 07 f9 0000"), "cip-forward-open"));
}

TEST(CipConnectionManager, RepliesAreReadBack) {
  const std::vector<std::uint8_t> request = Hex(capture::test::ForwardOpen(20, 0x80fe0013, "01"));
  const auto open = ReadForwardOpen(base::Bytes(request).subspan(6), false);
  ASSERT_TRUE(open.has_value());
  EXPECT_EQ(open->transport_class, 1u);
  EXPECT_TRUE(open->owner);
  const std::vector<std::uint8_t> reply =
      Hex(capture::test::ForwardOpenReply(20, 0x00790b01, 0x80fe0013));
  const auto opened = ReadForwardOpenReply(base::Bytes(reply).subspan(4));
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->o_to_t, 0x00790b01u);
  EXPECT_EQ(opened->serial, open->serial);
  for (std::size_t size = 0; size < 16; ++size) {
    EXPECT_FALSE(ReadForwardOpenReply(base::Bytes(reply).subspan(4, size)).has_value());
  }
}

TEST(CipConnectionManager, UnconnectedSendLengthsAreChecked) {
  EXPECT_FALSE(ReadUnconnectedSend(Hex("07 f9 0600 010220012401 01 00 0100")).bad);
  EXPECT_FALSE(ReadUnconnectedSend(Hex("07 f9 0300 0e0001 00 01 00 0100")).bad);  // padded
  EXPECT_TRUE(ReadUnconnectedSend(Hex("07 f9 ff00 010220012401 01 00 0100")).bad);
  EXPECT_TRUE(ReadUnconnectedSend(Hex("07 f9 0600 010220012401 05 00 0100")).bad);
  EXPECT_TRUE(ReadUnconnectedSend({}).bad);
}

}  // namespace
}  // namespace tapiary::capture::cip
