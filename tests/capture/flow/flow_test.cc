#include "capture/flow/flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

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

std::vector<BlockRun> BlocksOf(const std::vector<std::uint64_t>& noted) {
  FlowHot hot;
  FlowCold cold;
  for (const std::uint64_t block : noted) NoteFlowBlock(hot, cold, block);
  return TakeBlocks(hot, cold);
}

TEST(Flow, BlocksCoalesceToRuns) {
  EXPECT_EQ(BlocksOf({5, 6, 6, 9}), (std::vector<BlockRun>{{5, 2}, {9, 1}}));
  EXPECT_EQ(BlocksOf({}), std::vector<BlockRun>{});
  EXPECT_EQ(BlocksOf({7, 3}), (std::vector<BlockRun>{{7, 1}, {3, 1}}));
}

// Against a plain set, also where the low half of the numbers wraps.
TEST(Flow, EveryBlockNotedIsNamedAndNoOther) {
  const std::uint64_t high = (std::uint64_t{1} << 32) - 40;
  for (const std::uint64_t begin : {std::uint64_t{0}, std::uint64_t{7}, high}) {
    for (const std::uint64_t step : {1u, 2u, 3u, 31u, 63u, 64u, 65u, 1000u}) {
      std::vector<std::uint64_t> noted;
      for (std::uint64_t i = 0; i < 300; ++i) noted.push_back(begin + i / 4 * step + i % 4);
      std::set<std::uint64_t> named;
      for (const BlockRun& run : BlocksOf(noted)) {
        for (std::uint64_t i = 0; i < run.count; ++i) named.insert(run.first + i);
      }
      EXPECT_EQ(named, std::set<std::uint64_t>(noted.begin(), noted.end())) << begin << " " << step;
    }
  }
}

// A flow that is in few blocks, near or far from each other, needs nothing from the heap.
TEST(Flow, FewBlocksNeedNoList) {
  const std::vector<std::vector<std::uint64_t>> few = {
      {1, 5, 62, 63},
      {0, 70, 140, 70, 0, 140},
      {7, 2'000'000, 2'000'001},
      {(std::uint64_t{1} << 32) - 2, (std::uint64_t{1} << 32) + 100,
       (std::uint64_t{1} << 32) + 101}};
  for (const std::vector<std::uint64_t>& noted : few) {
    FlowHot hot;
    FlowCold cold;
    for (const std::uint64_t block : noted) NoteFlowBlock(hot, cold, block);
    EXPECT_EQ(cold.more, nullptr);
    std::set<std::uint64_t> named;
    for (const BlockRun& run : TakeBlocks(hot, cold)) {
      for (std::uint64_t i = 0; i < run.count; ++i) named.insert(run.first + i);
    }
    EXPECT_EQ(named, std::set<std::uint64_t>(noted.begin(), noted.end()));
  }
}

// A list may name a block too many, never one too few.
TEST(Flow, TheListOfBlocksStaysBounded) {
  for (const std::uint64_t step : {2u, 100u}) {
    for (const bool one_from_before : {false, true}) {
      std::vector<std::uint64_t> noted;
      for (std::uint64_t i = 0; i < 400'000; ++i) noted.push_back(20 + step * i);
      if (one_from_before) noted.push_back(3);
      const std::vector<BlockRun> runs = BlocksOf(noted);
      EXPECT_LE(runs.size(), 4097u);
      const auto named = [&runs](std::uint64_t block) {
        return std::any_of(runs.begin(), runs.end(), [block](const BlockRun& run) {
          return block >= run.first && block - run.first < run.count;
        });
      };
      for (std::size_t i = 0; i < noted.size(); i += 997) EXPECT_TRUE(named(noted[i])) << noted[i];
      EXPECT_TRUE(named(noted.back()));
    }
  }
}

TEST(Flow, MergedFlowsNameTheBlocksOfBoth) {
  FlowHot from_hot, to_hot;
  FlowCold from, to;
  for (const std::uint64_t block : {4u, 5u, 200u}) NoteFlowBlock(from_hot, from, block);
  for (const std::uint64_t block : {2u, 3u, 201u}) NoteFlowBlock(to_hot, to, block);
  MergeBlocks(from_hot, from, to_hot, to);
  std::set<std::uint64_t> named;
  for (const BlockRun& run : TakeBlocks(to_hot, to)) {
    for (std::uint64_t i = 0; i < run.count; ++i) named.insert(run.first + i);
  }
  EXPECT_EQ(named, (std::set<std::uint64_t>{2, 3, 4, 5, 200, 201}));
  EXPECT_TRUE(TakeBlocks(from_hot, from).empty());
}

// Ten million flows fit in memory because of this.
TEST(Flow, APlainFlowHasNoRarePart) {
  FlowHot hot;
  FlowCold cold;
  hot.packets[0] = 3;
  hot.payload[1] = 70;
  for (std::uint64_t block = 0; block < 63; block += 3) NoteFlowBlock(hot, cold, block);
  const FlowRecord record = ExportFlow(hot, cold, {}, EndReason::kIdle, true);
  EXPECT_EQ(cold.more, nullptr);
  EXPECT_EQ(record.orig.packets, 3u);
  EXPECT_EQ(record.delta_packets[0], 3u);
  EXPECT_EQ(record.resp.payload_bytes, 70u);
  EXPECT_EQ(record.blocks.size(), 21u);
  EXPECT_EQ(RareOf(cold).part, 0u);
}

TEST(Flow, TotalsGoOnWhereTheHotCountersWereFolded) {
  FlowHot hot;
  FlowCold cold;
  hot.bytes[1] = UINT32_MAX;
  FoldCounters(hot, cold);
  hot.bytes[1] = UINT32_MAX;
  EXPECT_EQ(TotalsOf(hot, cold, 1).bytes, 2ull * UINT32_MAX);
  const FlowRecord record = ExportFlow(hot, cold, {}, EndReason::kIdle, true);
  EXPECT_EQ(record.resp.bytes, 2ull * UINT32_MAX);
  EXPECT_EQ(record.delta_bytes[1], 2ull * UINT32_MAX);
}

TEST(Flow, ThePortNamesTheServiceUntilContentDoes) {
  FlowHot hot;
  FlowCold cold;
  hot.key.kind = KeyKind::kIpPorts;
  hot.key.proto = 6;
  hot.key.low_port = 22;
  hot.key.high_port = 50000;
  FlowRecord record = ExportFlow(hot, cold, {}, EndReason::kActive, false);
  EXPECT_EQ(record.service, "ssh");
  EXPECT_EQ(record.service_by, "port");
  MakeRare(cold).service = "modbus";
  record = ExportFlow(hot, cold, {}, EndReason::kActive, false);
  EXPECT_EQ(record.service, "modbus");
  EXPECT_EQ(record.service_by, "content");
  hot.key.proto = 1;  // ICMP's type and code name nothing
  EXPECT_EQ(UsualService(hot.key), "");
}

TEST(Flow, AnomaliesAreCountedByName) {
  FlowCold cold;
  CountAnomaly(cold, "a");
  CountAnomaly(cold, "b");
  CountAnomaly(cold, "a");
  ASSERT_EQ(RareOf(cold).anomalies.size(), 2u);
  EXPECT_EQ(RareOf(cold).anomalies[0].second, 2u);
}

}  // namespace
}  // namespace tapiary::capture
