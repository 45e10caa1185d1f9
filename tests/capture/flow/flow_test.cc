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

// Against the plain way: one AddBlock a packet.
TEST(Flow, BlocksNotedByBitsAreThoseAddedOneByOne) {
  const std::uint64_t high = (std::uint64_t{1} << 32) - 40;  // the low half wraps on the way
  for (const std::uint64_t begin : {std::uint64_t{0}, std::uint64_t{7}, high}) {
    for (const std::uint64_t step : {1u, 2u, 3u, 31u, 63u, 64u, 65u, 1000u}) {
      FlowHot hot;
      FlowCold noted;
      FlowCold added;
      for (std::uint64_t i = 0; i < 300; ++i) {
        const std::uint64_t block = begin + i / 4 * step + i % 4;
        NoteFlowBlock(hot, noted, block);
        if (i % 3 == 0) NoteFlowBlock(hot, noted, block);
        AddBlock(added, {block, 1});
      }
      FoldBlocks(hot, noted);
      FoldBlocks(hot, noted);
      EXPECT_TRUE(noted.blocks == added.blocks) << begin << " by " << step;
    }
  }
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
