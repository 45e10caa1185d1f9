#include "capture/ot/layer2/ber.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::layer2 {
namespace {

using test::Hex;

TEST(BerReader, ElementsOneAfterTheOther) {
  const auto bytes = Hex("80 02 0102 a1 8103 050607 87 00");
  BerReader reader(bytes);
  BerElement element;
  ASSERT_TRUE(reader.Next(element));
  EXPECT_EQ(element.tag, 0x80);
  EXPECT_EQ(BerUnsigned(element.content), 0x0102u);
  ASSERT_TRUE(reader.Next(element));
  EXPECT_EQ(element.content.size(), 3u);
  ASSERT_TRUE(reader.Next(element));
  EXPECT_TRUE(element.content.empty());
  EXPECT_FALSE(reader.Next(element));
  EXPECT_FALSE(reader.bad());
}

// OT-07: no length is believed.
TEST(BerReader, OT07_LengthsBeyondTheBytes) {
  for (const char* const hex : {"80 05 01", "80 84 ffffffff 01", "80 82 0100 01"}) {
    const auto bytes = Hex(hex);
    BerReader reader(bytes);
    BerElement element;
    ASSERT_TRUE(reader.Next(element)) << hex;
    EXPECT_TRUE(element.cut) << hex;
    EXPECT_EQ(element.content.size(), 1u) << hex;
  }
  for (const char* const hex :
       {"80", "80 80 01 0000", "80 85 0000000001 01", "80 82 01", "bf 1f"}) {
    const auto bytes = Hex(hex);
    BerReader reader(bytes);
    BerElement element;
    EXPECT_FALSE(reader.Next(element)) << hex;
    EXPECT_TRUE(reader.bad()) << hex;
    EXPECT_FALSE(reader.Next(element)) << hex;
  }
}

TEST(BerReader, Numbers) {
  EXPECT_EQ(BerSigned(Hex("ff")), -1);
  EXPECT_EQ(BerSigned(Hex("00ff")), 255);
  EXPECT_EQ(BerSigned(Hex("80000000")), INT32_MIN);
  EXPECT_EQ(BerSigned({}), 0);
  EXPECT_EQ(BerUnsigned(Hex("01 ffffffffffffffff")), UINT64_MAX);
}

}  // namespace
}  // namespace tapiary::capture::layer2
