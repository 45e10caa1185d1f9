#include "capture/ot/mms/ber.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::mms {
namespace {

using test::Hex;

std::optional<Element> Take(const std::vector<std::uint8_t>& bytes, std::size_t* left = nullptr) {
  base::Bytes rest = bytes;
  const auto element = TakeElement(rest);
  if (left != nullptr) *left = rest.size();
  return element;
}

TEST(MmsBer, TagsAndLengths) {
  const auto multi = Hex("bf 48 02 aabb cc");
  std::size_t left = 0;
  const auto element = Take(multi, &left);
  ASSERT_TRUE(element);
  EXPECT_EQ(element->number, 72u);
  EXPECT_TRUE(element->constructed());
  EXPECT_EQ(element->value.size(), 2u);
  EXPECT_EQ(left, 1u);
  EXPECT_EQ(Take(Hex("04 82 0001 aa"))->value.size(), 1u);
  EXPECT_EQ(Take(Hex("30 80 0201 01"))->value.size(), 3u);
}

TEST(MmsBer, OT07_HostileLengthsReserveNothing) {
  for (const char* const hex : {"", "a0", "04 85 0000000001", "04 88 ffffffffffffffff", "04 80 00",
                                "bf ffffffffff 01", "00 00", "1f"}) {
    EXPECT_FALSE(Take(Hex(hex))) << hex;
  }
  const auto cut = Take(Hex("04 84 ffffffff aabb"));
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->cut);
  EXPECT_EQ(cut->value.size(), 2u);
}

TEST(MmsBer, Integers) {
  EXPECT_EQ(ToInteger(Hex("ff")), -1);
  EXPECT_EQ(ToInteger(Hex("00ff")), 255);
  EXPECT_EQ(ToInteger(Hex("8000000000000000")), INT64_MIN);
  EXPECT_FALSE(ToInteger(Hex("010000000000000000")));
  EXPECT_FALSE(ToInteger({}));
}

TEST(MmsBer, Find) {
  const auto bytes = Hex("800101 a1020500 820102");
  EXPECT_EQ(FindElement(bytes, 0x82)->value[0], 2);
  EXPECT_FALSE(FindElement(bytes, 0x83));
}

}  // namespace
}  // namespace tapiary::capture::mms
