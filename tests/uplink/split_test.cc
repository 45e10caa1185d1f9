#include "uplink/split.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {
namespace {

Item MakeItem(Kind kind, std::string body) {
  Item item;
  item.kind = kind;
  item.body = std::move(body);
  return item;
}

TEST(Split, FlowsAreHalvedAndNumberedAnew) {
  FlowBatch batch{1, 2, std::vector<capture::FlowRecord>(5)};
  for (std::size_t i = 0; i < 5; ++i) batch.flows[i].id = {1, i};
  const auto halves = SplitItem(MakeItem(Kind::kFlows, EncodeFlows(batch)));
  ASSERT_EQ(halves.size(), 2u);
  const auto first = DecodeFlows(base::AsBytes(halves[0](7, 8, nullptr)));
  const auto second = DecodeFlows(base::AsBytes(halves[1](7, 9, nullptr)));
  EXPECT_EQ(first->epoch, 7u);
  EXPECT_EQ(first->seq, 8u);
  ASSERT_EQ(first->flows.size(), 2u);
  ASSERT_EQ(second->flows.size(), 3u);
  EXPECT_EQ(second->flows[0].id.number, 2u);
  EXPECT_EQ(halves[1](7, 9, nullptr), halves[1](7, 9, nullptr));  // stable
}

TEST(Split, FactsGoOverAllTheirKinds) {
  FactBatch batch;
  batch.transactions.resize(1);
  batch.gaps.resize(1);
  batch.ledger.resize(1);
  batch.health.emplace();
  std::vector<Encode> halves = SplitItem(MakeItem(Kind::kFacts, EncodeFacts(batch)));
  ASSERT_EQ(halves.size(), 2u);
  const auto first = DecodeFacts(base::AsBytes(halves[0](1, 1, nullptr)));
  EXPECT_EQ(first->transactions.size(), 1u);
  EXPECT_EQ(first->gaps.size(), 1u);
  EXPECT_FALSE(first->health);
  const auto second = DecodeFacts(base::AsBytes(halves[1](1, 2, nullptr)));
  EXPECT_EQ(second->ledger.size(), 1u);
  EXPECT_TRUE(second->health);
}

TEST(Split, OneRecordAndPacketsCannotBeSplit) {
  FlowBatch one{1, 1, std::vector<capture::FlowRecord>(1)};
  EXPECT_TRUE(SplitItem(MakeItem(Kind::kFlows, EncodeFlows(one))).empty());
  EXPECT_TRUE(SplitItem(MakeItem(Kind::kPackets, "segment")).empty());
  EXPECT_TRUE(SplitItem(MakeItem(Kind::kFlows, "broken")).empty());
}

TEST(Split, GapTellsWhatIsMissing) {
  FlowBatch batch{1, 1, std::vector<capture::FlowRecord>(2)};
  batch.flows[0].start_ns = 5;
  batch.flows[0].end_ns = 9;
  batch.flows[1].start_ns = 3;
  batch.flows[1].end_ns = 7;
  const auto gap = GapOf(MakeItem(Kind::kFlows, EncodeFlows(batch)), kReasonConflict);
  EXPECT_EQ(gap.kind, "flows");
  EXPECT_EQ(gap.items, 2u);
  EXPECT_EQ(gap.from_ns, 3);
  EXPECT_EQ(gap.to_ns, 9);
  EXPECT_EQ(gap.reason, "conflict");
}

TEST(Split, NoticeOfQuarantineIsKnown) {
  FactBatch batch;
  batch.gaps.push_back({"flows", "", 0, 0, 1, 1, kReasonQuarantined});
  EXPECT_TRUE(IsQuarantineNotice(MakeItem(Kind::kFacts, EncodeFacts(batch))));
  batch.gaps[0].reason = "spool-full";
  EXPECT_FALSE(IsQuarantineNotice(MakeItem(Kind::kFacts, EncodeFacts(batch))));
}

}  // namespace
}  // namespace tapiary::uplink
