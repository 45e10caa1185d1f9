#include "capture/ot/ber.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture {
namespace {

using test::Hex;

std::optional<BerElement> Take(const std::vector<std::uint8_t>& bytes,
                               std::size_t* left = nullptr) {
  base::Bytes rest = bytes;
  const auto element = TakeElement(rest);
  if (left != nullptr) *left = rest.size();
  return element;
}

TEST(BerReader, ElementsOneAfterTheOther) {
  const auto bytes = Hex("80 02 0102 a1 8103 050607 87 00");
  BerReader reader(bytes);
  BerElement element;
  ASSERT_TRUE(reader.Next(element));
  EXPECT_EQ(element.tag, 0x80);
  EXPECT_EQ(element.length, 2u);
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
  for (const char* const hex : {"80", "80 80 01 0000", "a0 80 01 0000", "80 85 0000000001 01",
                                "80 82 01", "bf 1f", "bf 48 01 00"}) {
    const auto bytes = Hex(hex);
    BerReader reader(bytes);
    BerElement element;
    EXPECT_FALSE(reader.Next(element)) << hex;
    EXPECT_TRUE(reader.bad()) << hex;
    EXPECT_FALSE(reader.Next(element)) << hex;
  }
}

TEST(TakeElement, TagsAndLengths) {
  const auto multi = Hex("bf 48 02 aabb cc");
  std::size_t left = 0;
  const auto element = Take(multi, &left);
  ASSERT_TRUE(element);
  EXPECT_EQ(element->number, 72u);
  EXPECT_TRUE(element->constructed());
  EXPECT_TRUE(element->context());
  EXPECT_EQ(element->content.size(), 2u);
  EXPECT_EQ(left, 1u);
  EXPECT_EQ(Take(Hex("04 82 0001 aa"))->content.size(), 1u);
  const auto indefinite = Take(Hex("30 80 0201 01"), &left);
  ASSERT_TRUE(indefinite);
  EXPECT_EQ(indefinite->content.size(), 3u);
  EXPECT_FALSE(indefinite->cut);
  EXPECT_EQ(left, 0u);
}

TEST(TakeElement, OT07_HostileLengthsReserveNothing) {
  for (const char* const hex : {"", "a0", "04 85 0000000001", "04 88 ffffffffffffffff", "04 80 00",
                                "bf ffffffffff 01", "00 00", "1f"}) {
    EXPECT_FALSE(Take(Hex(hex))) << hex;
  }
  const auto cut = Take(Hex("04 84 ffffffff aabb"));
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->cut);
  EXPECT_EQ(cut->content.size(), 2u);
}

TEST(FindElement, ByItsTag) {
  const auto bytes = Hex("800101 a1020500 820102");
  EXPECT_EQ(FindElement(bytes, 0x82)->content[0], 2);
  EXPECT_FALSE(FindElement(bytes, 0x83));
}

TEST(Ber, Numbers) {
  EXPECT_EQ(BerSigned(Hex("ff")), -1);
  EXPECT_EQ(BerSigned(Hex("00ff")), 255);
  EXPECT_EQ(BerSigned(Hex("80000000")), INT32_MIN);
  EXPECT_EQ(BerSigned({}), 0);
  EXPECT_EQ(BerUnsigned(Hex("01 ffffffffffffffff")), UINT64_MAX);
  EXPECT_EQ(ToInteger(Hex("ff")), -1);
  EXPECT_EQ(ToInteger(Hex("00ff")), 255);
  EXPECT_EQ(ToInteger(Hex("8000000000000000")), INT64_MIN);
  EXPECT_FALSE(ToInteger(Hex("010000000000000000")));
  EXPECT_FALSE(ToInteger({}));
}

}  // namespace
}  // namespace tapiary::capture
