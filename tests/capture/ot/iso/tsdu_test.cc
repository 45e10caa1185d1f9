#include "capture/ot/iso/tsdu.h"

#include <gtest/gtest.h>

namespace tapiary::capture::iso {
namespace {

using Block = std::vector<std::uint8_t>;

std::optional<Tsdu> Add(TsduBuilder& builder, const Block& payload, bool end, std::int64_t time,
                        bool cut = false) {
  Tpdu tpdu;
  tpdu.end = end;
  tpdu.payload = payload;
  Pdu pdu;
  pdu.cut = cut;
  pdu.first_ns = time;
  pdu.last_ns = time;
  return builder.Add(tpdu, pdu);
}

TEST(IsoTsdu, OT01_JoinsWhatHasNoEndMark) {
  TsduBuilder builder;
  EXPECT_FALSE(Add(builder, {}, false, 5));
  EXPECT_FALSE(Add(builder, {1, 2}, false, 10));
  const auto tsdu = Add(builder, {3}, true, 20);
  ASSERT_TRUE(tsdu);
  EXPECT_EQ(Block(tsdu->bytes.begin(), tsdu->bytes.end()), (Block{1, 2, 3}));
  EXPECT_EQ(tsdu->first_ns, 10);
  EXPECT_EQ(tsdu->last_ns, 20);
  EXPECT_FALSE(tsdu->cut);
  const auto next = Add(builder, {4}, true, 30);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->bytes.size(), 1u);
}

TEST(IsoTsdu, OT04_NothingIsGluedAcrossALoss) {
  TsduBuilder builder;
  EXPECT_FALSE(builder.Drop());
  EXPECT_FALSE(Add(builder, {1, 2}, false, 10));
  EXPECT_TRUE(builder.Drop());
  const auto tsdu = Add(builder, {9}, true, 20);
  ASSERT_TRUE(tsdu);
  EXPECT_EQ(tsdu->bytes.size(), 1u);
}

TEST(IsoTsdu, OT13_KeepsABoundedMessage) {
  TsduBuilder builder;
  const Block big(60000, 7);
  EXPECT_FALSE(Add(builder, big, false, 1));
  EXPECT_FALSE(Add(builder, big, false, 2));
  const auto tsdu = Add(builder, big, true, 3);
  ASSERT_TRUE(tsdu);
  EXPECT_TRUE(tsdu->cut);
  EXPECT_EQ(tsdu->bytes.size(), TsduBuilder::kMaxTsdu);
  std::size_t handed_out = 0;
  for (std::size_t i = 0; i < 3 * TsduBuilder::kMaxPieces; ++i) {
    const auto endless = Add(builder, {1}, false, 4);
    if (!endless) continue;
    ++handed_out;
    EXPECT_TRUE(endless->cut);
  }
  EXPECT_EQ(handed_out, 3u);
}

TEST(IsoTsdu, ACutPieceMakesACutMessage) {
  TsduBuilder builder;
  EXPECT_FALSE(Add(builder, {1}, false, 1, true));
  const auto tsdu = Add(builder, {2}, true, 2);
  ASSERT_TRUE(tsdu);
  EXPECT_TRUE(tsdu->cut);
  EXPECT_EQ(tsdu->bytes.size(), 1u);  // what is behind the missing bytes does not continue them
}

}  // namespace
}  // namespace tapiary::capture::iso
