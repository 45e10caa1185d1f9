#include "capture/flow/block_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace tapiary::capture {
namespace {

bool Names(const std::vector<BlockRun>& runs, std::uint64_t block) {
  return std::any_of(runs.begin(), runs.end(), [block](const BlockRun& run) {
    return block >= run.first && block - run.first < run.count;
  });
}

std::set<std::uint64_t> All(const std::vector<BlockRun>& runs) {
  std::set<std::uint64_t> all;
  for (const BlockRun& run : runs) {
    for (std::uint64_t i = 0; i < run.count; ++i) all.insert(run.first + i);
  }
  return all;
}

TEST(BlockList, WindowsThatOverlapBecomeOne) {
  BlockList list;
  list.Add(BlockWindow{10, 0b101});
  list.Add(BlockWindow{11, UINT64_MAX});
  EXPECT_EQ(list.Take(), (std::vector<BlockRun>{{10, 65}}));
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.Take(), std::vector<BlockRun>{});
}

TEST(BlockList, ManyWindowsKeepTheirOrder) {
  BlockList list;
  std::vector<BlockRun> expected;
  for (std::uint64_t i = 0; i < 100; ++i) {
    list.Add(BlockWindow{1000 * i, 1});
    expected.push_back({1000 * i, 1});
  }
  EXPECT_EQ(list.Take(), expected);
}

TEST(BlockList, ARunOfAnyLengthIsAddedAtOnce) {
  for (const std::uint32_t count : {1u, 63u, 64u, 65u, 1000u, UINT32_MAX}) {
    BlockList list;
    list.Add(BlockWindow{2, 1});
    list.Add(BlockRun{100, count});
    EXPECT_EQ(list.Take(), (std::vector<BlockRun>{{2, 1}, {100, count}}));
  }
}

// Whatever comes after a run that filled the list, and wherever from.
TEST(BlockList, NothingIsForgottenAfterALongRun) {
  for (const std::uint64_t next :
       {std::uint64_t{5}, std::uint64_t{200'000}, std::uint64_t{9} << 32}) {
    BlockList list;
    list.Add(BlockWindow{50, 1});
    list.Add(BlockRun{100, 4'000'000'000});
    list.Add(BlockWindow{next, 0b1001});
    list.Add(BlockRun{next + 77, 300});
    list.Add(BlockWindow{20, 1});
    const std::vector<BlockRun> runs = list.Take();
    EXPECT_LE(runs.size(), 4100u);
    for (const std::uint64_t block :
         {std::uint64_t{20}, std::uint64_t{50}, std::uint64_t{100}, std::uint64_t{4'000'000'099},
          next, next + 3, next + 77, next + 376}) {
      EXPECT_TRUE(Names(runs, block)) << block << " after " << next;
    }
  }
}

TEST(BlockList, AFullListNamesWhatComesFromBeforeToo) {
  BlockList list;
  for (std::uint64_t i = 0; i < 6000; ++i) list.Add(BlockWindow{10'000 + 100 * i, 1});
  list.Add(BlockWindow{7, 1});
  list.Add(BlockWindow{900'000, 1});
  const std::vector<BlockRun> runs = list.Take();
  EXPECT_LE(runs.size(), 4100u);
  for (std::uint64_t i = 0; i < 6000; i += 13) EXPECT_TRUE(Names(runs, 10'000 + 100 * i)) << i;
  EXPECT_TRUE(Names(runs, 7));
  EXPECT_TRUE(Names(runs, 900'000));
  list.Add(BlockWindow{3, 1});  // and it begins afresh
  EXPECT_EQ(All(list.Take()), std::set<std::uint64_t>{3});
}

}  // namespace
}  // namespace tapiary::capture
