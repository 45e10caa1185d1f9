#include "server/api/segment_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tests/server/api/stored.h"

namespace tapiary::server {
namespace {

using capture::test::PacketBuilder;
using capture::test::PacketList;
using testing::HasSubstr;

class Everything : public PacketSelector {
 public:
  bool WantsBlock(const StoredSegment&, std::uint64_t block, const capture::BlockEntry&) override {
    return block >= first_block;
  }
  bool WantsPacket(const StoredSegment&, const capture::Packet&, const capture::Decoded&) override {
    return true;
  }
  std::uint64_t first_block = 0;
};

// `count` packets from `start` on, `step` apart, in blocks of `per_block`.
std::vector<std::vector<capture::Packet>> Blocks(PacketList& list, std::int64_t start,
                                                 std::int64_t step, int count, int per_block,
                                                 std::size_t size = 60) {
  std::vector<std::vector<capture::Packet>> blocks;
  for (int i = 0; i < count; ++i) {
    if (i % per_block == 0) blocks.emplace_back();
    const auto bytes =
        PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2").Udp(1, 2).Pad(size).Build();
    blocks.back().push_back(list.Add(bytes, start + i * step));
  }
  return blocks;
}

struct Seen {
  std::vector<std::int64_t> times;
  std::vector<std::string> sensors;
};

Seen Walk(SegmentWalk& walk) {
  Seen seen;
  while (true) {
    const auto item = walk.Next();
    EXPECT_TRUE(item) << item.error().message;
    if (!item || item->segment == nullptr) return seen;
    seen.times.push_back(item->packet->time_ns);
    seen.sensors.push_back(item->segment->sensor);
  }
}

// Every wanted byte is told of before it is read; of a segment no more than some blocks at a time.
TEST(SegmentWalk, TellsWhatItWillRead) {
  PacketList list;
  test::Store store;
  store.Add("plant-a", test::MakeSegment(Blocks(list, 1000, 10, 400, 10)));
  store.Add("plant-b", test::MakeSegment(Blocks(list, 1'000'000, 10, 20, 10)));
  auto selector = std::make_unique<Everything>();
  std::vector<std::pair<std::string, std::uint64_t>> told;
  const auto opener = [&told, &store](const StoredSegment& segment) -> capture::RangeReader {
    return
        [&told, segment, read = store.Opener()(segment)](std::uint64_t offset, std::size_t size) {
          const bool index = offset + size == segment.bytes;
          EXPECT_TRUE(index || std::ranges::count(told, std::pair(segment.sensor, offset)) > 0);
          return read(offset, size);
        };
  };
  SegmentWalk walk(store.Feed(), opener, std::move(selector));
  walk.OnAhead([&told](const StoredSegment& segment, std::uint64_t offset, std::size_t size) {
    EXPECT_LE(offset + size, segment.bytes);
    told.emplace_back(segment.sensor, offset);
  });
  ASSERT_TRUE(walk.Next());
  const std::size_t first = told.size();
  EXPECT_GE(first, 1u + 16u);
  EXPECT_LE(first, 2u + 17u);
  EXPECT_EQ(Walk(walk).times.size(), 419u);
  EXPECT_EQ(told.size(), 2u + 40u + 2u);
  EXPECT_EQ(told.front().first, "plant-a");
}

TEST(SegmentWalk, MergesSensorsInOrderOfTime) {
  PacketList list;
  test::Store store;
  store.Add("plant-a", test::MakeSegment(Blocks(list, 1000, 10, 300, 50)));
  store.Add("plant-b", test::MakeSegment(Blocks(list, 1005, 7, 300, 70)));
  store.Add("plant-a", test::MakeSegment(Blocks(list, 4000, 10, 100, 50), 0, 6), 0, 6);
  SegmentWalk walk(store.Feed(), store.Opener(), std::make_unique<Everything>());
  const Seen seen = Walk(walk);
  ASSERT_EQ(seen.times.size(), 700u);
  EXPECT_TRUE(std::is_sorted(seen.times.begin(), seen.times.end()));
  EXPECT_EQ(seen.sensors[0], "plant-a");
  EXPECT_EQ(seen.sensors[1], "plant-b");
}

TEST(SegmentWalk, NothingStoredIsAnEmptyWalk) {
  test::Store store;
  SegmentWalk walk(store.Feed(), store.Opener(), std::make_unique<Everything>());
  EXPECT_TRUE(Walk(walk).times.empty());
}

TEST(SegmentWalk, UnwantedBlocksAreNotRead) {
  PacketList list;
  test::Store store;
  store.Add("plant-a", test::MakeSegment(Blocks(list, 1000, 10, 2000, 100, 1400), 0, 40), 0, 40);
  auto selector = std::make_unique<Everything>();
  selector->first_block = 59;  // the last of 40..59
  SegmentWalk walk(store.Feed(), store.Opener(), std::move(selector));
  store.bytes_read = 0;
  EXPECT_EQ(Walk(walk).times.size(), 100u);
  EXPECT_LT(store.bytes_read, 8000u);
}

// All packets come, in no more memory than `budget`, and nothing is held at the end.
void ExpectBounded(SegmentWalk& walk, std::size_t wanted, std::uint64_t budget) {
  std::size_t packets = 0;
  std::size_t most = 0;
  while (true) {
    const auto item = walk.Next();
    ASSERT_TRUE(item);
    if (item->segment == nullptr) break;
    ++packets;
    most = std::max(most, walk.used_bytes());
  }
  EXPECT_EQ(packets, wanted);
  EXPECT_LE(most, budget);
  EXPECT_EQ(walk.used_bytes(), 0u);
}

TEST(SegmentWalk, CO12_BudgetBoundsMemoryAndLosesNothing) {
  PacketList list;
  test::Store store;
  for (int i = 0; i < 20; ++i) {
    store.Add(i % 2 == 0 ? "plant-a" : "plant-b",
              test::MakeSegment(Blocks(list, 1000 + i, 1000, 400, 200, 1400)));
  }
  // Each block is about 290 kB raw; 20 overlap, and the budget has room for 3.
  SegmentWalk walk(store.Feed(), store.Opener(), std::make_unique<Everything>(), 1'000'000);
  ExpectBounded(walk, 8000u, 1'000'000u);
}

// A sensor whose clock runs wild: all its segments overlap. Opening them costs memory too.
TEST(SegmentWalk, CO12_ManySegmentsThatOverlapAreBounded) {
  PacketList list;
  test::Store store;
  for (int i = 0; i < 300; ++i) {
    store.Add("plant-a", test::MakeSegment(Blocks(list, 1000 + i, 1'000'000, 3, 1)));
  }
  SegmentWalk walk(store.Feed(), store.Opener(), std::make_unique<Everything>(), 50'000);
  ExpectBounded(walk, 900u, 50'000u);
}

// The clock went back by itself between two blocks, and again within one (HP-01).
TEST(SegmentWalk, HP01_AClockThatJumpsBackIsPutInOrder) {
  PacketList list;
  test::Store store;
  auto blocks = Blocks(list, 10'000, 10, 100, 50);
  for (auto& block : Blocks(list, 2000, 10, 100, 50)) blocks.push_back(block);
  std::swap(blocks[3][0], blocks[3][49]);
  store.Add("plant-a", test::MakeSegment(blocks));
  store.Add("plant-b", test::MakeSegment(Blocks(list, 1995, 100, 100, 50)));
  SegmentWalk walk(store.Feed(), store.Opener(), std::make_unique<Everything>());
  const Seen seen = Walk(walk);
  EXPECT_EQ(seen.times.size(), 300u);
  EXPECT_TRUE(std::is_sorted(seen.times.begin(), seen.times.end()));
}

TEST(SegmentWalk, DamageCostsItsOwnPacketsAndIsTold) {
  PacketList list;
  test::Store store;
  const auto rotten = store.Add("plant-a", test::MakeSegment(Blocks(list, 1000, 10, 300, 50)));
  const auto good = store.Add("plant-b", test::MakeSegment(Blocks(list, 1005, 10, 300, 50)));
  std::vector<std::string> told;
  const auto walk_all = [&] {
    told.clear();
    SegmentWalk walk(store.Feed(), store.Opener(), std::make_unique<Everything>());
    walk.OnDamage([&told](const Damage& damage) {
      const std::string block = damage.block ? std::to_string(*damage.block) : "all";
      told.push_back(std::to_string(damage.segment.id) + ":" + block + ":" +
                     std::to_string(damage.packets));
    });
    const Seen seen = Walk(walk);
    EXPECT_TRUE(std::is_sorted(seen.times.begin(), seen.times.end()));
    EXPECT_EQ(walk.used_bytes(), 0u);
    return seen.times.size();
  };
  const std::string whole = store.object(rotten);
  store.object(rotten)[60] = static_cast<char>(whole[60] ^ 0x55);  // in the first block
  EXPECT_EQ(walk_all(), 550u);
  EXPECT_EQ(told, std::vector<std::string>{"1:0:50"});
  store.object(rotten) = whole.substr(0, 100);  // no index any more
  EXPECT_EQ(walk_all(), 300u);
  EXPECT_EQ(told, std::vector<std::string>{"1:all:300"});
  // Wherever a byte rots: nothing of the other segment is lost, and what is lost is told.
  for (std::size_t at = 0; at < whole.size(); at += 37) {
    store.object(rotten) = whole;
    store.object(rotten)[at] = static_cast<char>(whole[at] ^ 0x55);
    const std::size_t packets = walk_all();
    EXPECT_GE(packets, 300u) << at;
    EXPECT_EQ(packets == 600, told.empty()) << at;
  }
}

TEST(SegmentWalk, VaultThatDoesNotAnswerIsAnError) {
  PacketList list;
  test::Store store;
  store.Add("plant-a", test::MakeSegment(Blocks(list, 1000, 10, 300, 50)));
  const auto opener = [](const StoredSegment&) -> capture::RangeReader {
    return [](std::uint64_t, std::size_t) -> base::Result<std::string> {
      return base::MakeError(base::ErrorCode::kUnavailable, "away");
    };
  };
  SegmentWalk walk(store.Feed(), opener, std::make_unique<Everything>());
  const auto item = walk.Next();
  ASSERT_FALSE(item);
  EXPECT_THAT(item.error().message, HasSubstr("segment 1"));
}

}  // namespace
}  // namespace tapiary::server
