#include "uplink/spool/spool.h"

#include <gtest/gtest.h>

#include "tests/uplink/support/spool_fixture.h"

namespace tapiary::uplink {
namespace {

TEST_F(SpoolTest, ItemsComeOutInOrderAndOnce) {
  auto spool = OpenSpool(Options());
  Round round;
  round.flows = {FlowsItem(1), FlowsItem(2)};
  round.facts = {FactsItem("read")};
  ASSERT_TRUE(spool->Write(round));
  EXPECT_TRUE(spool->Has(Kind::kFlows));
  EXPECT_FALSE(spool->Has(Kind::kPackets));

  const auto first = spool->Next(Kind::kFlows).value();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->place, (Place{spool->epoch(), 0}));
  EXPECT_EQ(first->stored_ns, now_ns_);
  EXPECT_EQ(DecodeFlows(base::AsBytes(first->body))->seq, 0u);
  EXPECT_EQ(spool->Next(Kind::kFlows).value()->place, first->place);  // until acknowledged
  ASSERT_TRUE(spool->Acknowledge(*first));
  ASSERT_TRUE(spool->Acknowledge(*first));  // twice does nothing
  const auto second = spool->Next(Kind::kFlows).value();
  ASSERT_TRUE(second);
  EXPECT_EQ(DecodeFlows(base::AsBytes(second->body))->flows.size(), 2u);
  ASSERT_TRUE(spool->Acknowledge(*second));
  EXPECT_FALSE(spool->Next(Kind::kFlows).value());
  EXPECT_TRUE(spool->Next(Kind::kFacts).value());
}

TEST_F(SpoolTest, ReplacePutsOthersAtTheEnd) {
  auto spool = OpenSpool(Options());
  Round round;
  round.flows = {FlowsItem(2), FlowsItem(3)};
  ASSERT_TRUE(spool->Write(round));
  const auto item = spool->Next(Kind::kFlows).value();
  ASSERT_TRUE(spool->Replace(*item, {FlowsItem(10), FlowsItem(11)}));
  std::vector<std::size_t> sizes;
  while (const auto next = spool->Next(Kind::kFlows).value()) {
    const auto batch = DecodeFlows(base::AsBytes(next->body));
    EXPECT_EQ(batch->seq, next->place.seq);
    sizes.push_back(batch->flows.size());
    ASSERT_TRUE(spool->Acknowledge(*next));
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 10, 11}));
  EXPECT_EQ(spool->status().live_bytes, 0u);
}

TEST_F(SpoolTest, QuarantineKeepsACopyAndTellsIt) {
  auto spool = OpenSpool(Options());
  Round round;
  round.blocks = {MakeStoredBlock(0, 0)};
  round.close_segments = true;
  ASSERT_TRUE(spool->Write(round));
  const auto item = spool->Next(Kind::kPackets).value();
  ASSERT_TRUE(spool->Quarantine(*item, {"packets", "tap0", 1, 2, 3, 4, "conflict"}));
  EXPECT_FALSE(spool->Has(Kind::kPackets));
  const auto gaps = TakeGaps(*spool);
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps[0].reason, "conflict");
  EXPECT_EQ(std::filesystem::file_size(folder_.path() + "/spool/quarantine/packets-" +
                                       std::to_string(spool->epoch()) + "-0"),
            item->body.size());
}

}  // namespace
}  // namespace tapiary::uplink
