#include "capture/flow/flow_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace tapiary::capture {
namespace {

FlowKey KeyOf(std::uint32_t number) {
  FlowKey key;
  std::memcpy(key.low.data(), &number, sizeof number);
  key.ip_version = 4;
  return key;
}

// Few different hashes make long probe chains, where deleting goes wrong if it does.
std::uint64_t HashOf(std::uint32_t number) {
  return number % 7;
}

TEST(FlowTable, AgreesWithAMapOverRandomInsertsAndDeletes) {
  FlowTable table(200, 8);
  std::map<std::uint32_t, std::uint32_t> model;  // number to index
  std::mt19937 random(42);
  for (int step = 0; step < 20000; ++step) {
    const std::uint32_t number = static_cast<std::uint32_t>(random() % 300);
    const std::uint32_t found = table.Find(KeyOf(number), HashOf(number));
    const auto expected = model.find(number);
    ASSERT_EQ(found, expected == model.end() ? kNoFlow : expected->second);
    if (found != kNoFlow) {
      table.Unlink(found);
      table.Release(found);
      model.erase(expected);
    } else if (!table.full()) {
      model[number] = table.Insert(KeyOf(number), HashOf(number), step);
    }
    ASSERT_EQ(table.live(), model.size());
  }
}

TEST(FlowTable, IsFullAtItsLimit) {
  FlowTable table(3, 8);
  for (std::uint32_t i = 0; i < 3; ++i) (void)table.Insert(KeyOf(i), i, 0);
  EXPECT_TRUE(table.full());
}

TEST(FlowTable, FL08_FirstPacketsGoBeforeGrownFlows) {
  FlowTable table(10, 8);
  const std::uint32_t grown = table.Insert(KeyOf(1), 1, 1);
  const std::uint32_t embryo = table.Insert(KeyOf(2), 2, 2);
  table.LeaveEmbryos(grown, 3);
  EXPECT_EQ(table.PickVictim(), embryo);
  table.Unlink(embryo);
  table.Release(embryo);
  EXPECT_EQ(table.PickVictim(), grown);
}

TEST(FlowTable, AmongGrownFlowsTheQuietOneGoes) {
  FlowTable table(10, 8);
  const std::uint32_t busy = table.Insert(KeyOf(1), 1, 1);
  const std::uint32_t quiet = table.Insert(KeyOf(2), 2, 1);
  table.LeaveEmbryos(busy, 5);
  table.LeaveEmbryos(quiet, 6);
  table.hot(busy).last_ns = 100;
  table.hot(quiet).last_ns = 6;
  EXPECT_EQ(table.PickVictim(), quiet);
}

TEST(FlowTable, ReleasedIndicesAreReusedClean) {
  FlowTable table(4, 1);
  const std::uint32_t index = table.Insert(KeyOf(1), 1, 1);
  table.hot(index).packets[0] = 5;
  MakeRare(table.cold(index)).transactions = 7;
  MakeMore(table.cold(index)).blocks.Add(BlockRun{1, 1});
  table.Unlink(index);
  table.Release(index);
  ASSERT_EQ(table.Insert(KeyOf(2), 2, 1), index);
  EXPECT_EQ(table.hot(index).packets[0], 0u);
  EXPECT_EQ(RareOf(table.cold(index)).transactions, 0u);
  EXPECT_EQ(table.cold(index).more, nullptr);
}

}  // namespace
}  // namespace tapiary::capture
