#include "capture/ot/iso/detail.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::iso {
namespace {

TEST(IsoDetail, OT13_TextsAreBoundedAndKeysUnique) {
  Transaction out;
  AddDetail(out, "text", std::string(1000, 'x'));
  AddDetail(out, "text", "again");
  AddNumber(out, "number", 7);
  ASSERT_EQ(out.detail.size(), 2u);
  EXPECT_EQ(out.detail[0].second.size(), kMaxDetailBytes);
  EXPECT_EQ(out.detail[1].second, "7");
  EXPECT_EQ(HexOf(std::vector<std::uint8_t>(500, 1)).size(), kMaxDetailBytes);
}

TEST(IsoDetail, AnomaliesOnceAndTextsWithoutFill) {
  Transaction out;
  AddAnomaly(out, "truncated");
  AddAnomaly(out, "truncated");
  EXPECT_EQ(out.anomalies.size(), 1u);
  EXPECT_EQ(TextOf(test::Hex("41 42 20 00 20")), "AB");
  EXPECT_TRUE(IsPrintable(test::Hex("41 20")));
  EXPECT_FALSE(IsPrintable(test::Hex("41 00")));
}

}  // namespace
}  // namespace tapiary::capture::iso
