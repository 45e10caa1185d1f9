#include "capture/ot/cip/message.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::cip {
namespace {

using test::Hex;

TEST(CipMessage, HeadersAreTakenApart) {
  const std::vector<std::uint8_t> request = Hex("0e 03 20 01 24 01 30 07 aabb");
  EXPECT_EQ(ReadRequest(request).path.size(), 6u);
  EXPECT_EQ(ReadRequest(request).data.size(), 2u);
  const std::vector<std::uint8_t> response = Hex("8e 00 01 01 0401 2a");
  EXPECT_EQ(ReadResponse(response).service, 0x0e);
  EXPECT_EQ(ReadResponse(response).extended.size(), 2u);
  EXPECT_EQ(ReadResponse(response).data.size(), 1u);
}

TEST(CipMessage, OT12_CutHeadersAreBad) {
  for (const char* const hex : {"", "0e", "0e 03 20 01", "0e ff 20 01 24 01"}) {
    EXPECT_TRUE(ReadRequest(Hex(hex)).bad) << hex;
  }
  for (const char* const hex : {"", "8e", "8e 00", "8e 00 01", "8e 00 01 05 0401"}) {
    EXPECT_TRUE(ReadResponse(Hex(hex)).bad) << hex;
  }
}

TEST(CipMessage, PlausibleIsStrict) {
  EXPECT_TRUE(IsPlausibleMessage(Hex("0e 03 20 01 24 01 30 07")));
  EXPECT_TRUE(IsPlausibleMessage(Hex("8e 00 14 00")));
  EXPECT_FALSE(IsPlausibleMessage(Hex("8e 01 14 00")));    // reserved byte
  EXPECT_FALSE(IsPlausibleMessage(Hex("8e 00 55 00")));    // no such status
  EXPECT_FALSE(IsPlausibleMessage(Hex("0e 00")));          // without a path
  EXPECT_FALSE(IsPlausibleMessage(Hex("0e 01 ff ff")));    // no path
  EXPECT_FALSE(IsPlausibleMessage(Hex("01000000 2a00")));  // run/idle header of I/O
  EXPECT_FALSE(IsPlausibleMessage({}));
}

}  // namespace
}  // namespace tapiary::capture::cip
