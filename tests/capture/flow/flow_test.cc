#include "capture/flow/flow.h"

#include <gtest/gtest.h>

namespace tapiary::capture {
namespace {

TEST(Flow, FL09_DeltasSumUpToTotals) {
  FlowHot hot;
  FlowCold cold;
  hot.packets[0] = 3;
  hot.bytes[0] = 300;
  hot.packets[1] = 1;
  const FlowRecord first = ExportFlow(hot, cold, {}, EndReason::kActive, false);
  hot.packets[0] = 2;
  hot.bytes[0] = 50;
  const FlowRecord second = ExportFlow(hot, cold, {}, EndReason::kIdle, true);
  EXPECT_EQ(first.part, 0u);
  EXPECT_EQ(second.part, 1u);
  EXPECT_EQ(second.orig.packets, 5u);
  EXPECT_EQ(first.delta_packets[0] + second.delta_packets[0], second.orig.packets);
  EXPECT_EQ(first.delta_bytes[0] + second.delta_bytes[0], second.orig.bytes);
  EXPECT_EQ(second.delta_packets[1], 0u);
}

TEST(Flow, BlockRunsCoalesceAndStayBounded) {
  FlowCold cold;
  AddBlock(cold, {5, 1});
  AddBlock(cold, {6, 1});
  AddBlock(cold, {6, 1});
  AddBlock(cold, {9, 1});
  EXPECT_EQ(cold.blocks, (std::vector<BlockRun>{{5, 2}, {9, 1}}));
  for (std::uint64_t i = 0; i < 10000; ++i) AddBlock(cold, {20 + 2 * i, 1});
  EXPECT_LE(cold.blocks.size(), 4096u);
  // Still every block is named.
  const BlockRun& last = cold.blocks.back();
  EXPECT_EQ(last.first + last.count, 20u + 2 * 9999 + 1);
}

TEST(Flow, AnomaliesAreCountedByName) {
  FlowCold cold;
  CountAnomaly(cold, "a");
  CountAnomaly(cold, "b");
  CountAnomaly(cold, "a");
  ASSERT_EQ(cold.anomalies.size(), 2u);
  EXPECT_EQ(cold.anomalies[0].second, 2u);
}

}  // namespace
}  // namespace tapiary::capture
