#include "capture/ot/enip/items.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::enip {
namespace {

using test::Hex;

TEST(EnipItems, ItemsAreFoundByType) {
  const std::vector<std::uint8_t> bytes = Hex("0200 a100 0400 01020304 b100 0200 aabb");
  const ItemList list = ReadItems(bytes);
  EXPECT_TRUE(list.complete);
  EXPECT_TRUE(list.plausible);
  EXPECT_EQ(list.trailing, 0u);
  ASSERT_NE(list.Find(kConnectedDataItem), nullptr);
  EXPECT_EQ(list.Find(kConnectedDataItem)->data.size(), 2u);
  EXPECT_EQ(list.Find(kUnconnectedDataItem), nullptr);
}

TEST(EnipItems, OT11_CountsAndLengthsThatDoNotFit) {
  const std::vector<std::uint8_t> many = Hex("ffff b200 0000 b200 0000");
  EXPECT_FALSE(ReadItems(many).complete);
  EXPECT_FALSE(ReadItems(many).plausible);
  const std::vector<std::uint8_t> longer = Hex("0100 b200 ff00 0102");
  EXPECT_FALSE(ReadItems(longer).complete);
  EXPECT_EQ(ReadItems(longer).items[0].data.size(), 2u);
  std::vector<std::uint8_t> full = Hex("ffff");
  full.resize(4000);
  EXPECT_EQ(ReadItems(full).count, ItemList::kMaxItems);
  EXPECT_FALSE(ReadItems({}).complete);
  EXPECT_EQ(ReadItems(Hex("0100 b200 0000 aa")).trailing, 1u);
}

}  // namespace
}  // namespace tapiary::capture::enip
