#include "capture/ot/s7comm/items.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/iso/support.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::s7comm {
namespace {

using test::DetailOf;
using test::Hex;
using Values = std::vector<std::int64_t>;

Transaction Items(std::string_view hex) {
  Transaction out;
  Shapes shapes;
  (void)DecodeItems(Hex(hex), out, shapes);
  return out;
}

TEST(S7Items, SyntaxesAndAreas) {
  const Transaction several =
      Items("02 120a10 02 0004 0000 83 000050 120a10 1d 0001 0000 1d 000005");
  EXPECT_EQ(DetailOf(several, "items"), "M10.0 BYTE*4, T5 TIMER*1");
  EXPECT_EQ(DetailOf(several, "item_count"), "2");
  EXPECT_EQ(several.quantity, 5u);
  EXPECT_EQ(DetailOf(Items("01 1207 b0 01 10 0002 0008"), "items"), "DB2.8.0 BYTE*16");
  EXPECT_EQ(DetailOf(Items("01 1204 b2 ff00 0001"), "items"), "symbol_178 ff0000");
}

TEST(S7Items, ValuesByTypeWithFillBytes) {
  Shapes shapes;
  shapes.type = {1, 7};
  shapes.count = 2;
  Transaction out;
  DecodeData(Hex("ff03 0001 01 00 ff05 0020 fffffffb"), 2, shapes, true, out);
  EXPECT_EQ(out.values, (Values{1, -5}));
}

TEST(S7Items, OT13_ManyValuesAndItemsAreBounded) {
  std::string hex = "ff04 2000";
  for (int i = 0; i < 1024; ++i) hex += "01";
  Transaction out;
  DecodeData(Hex(hex), 1, Shapes{}, true, out);
  EXPECT_EQ(out.values.size(), kMaxValues);
  std::string items = "ff";
  for (int i = 0; i < 255; ++i) items += "120a100200040000830000500";
  EXPECT_LE(DetailOf(Items(items.substr(0, 4000)), "items").size(), 256u);
}

}  // namespace
}  // namespace tapiary::capture::s7comm
