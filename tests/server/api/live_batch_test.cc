// Live tails: everything that is ingested comes once, whatever order transactions end in.
#include "server/api/live_batch.h"

#include <gmock/gmock.h>

#include <map>
#include <random>
#include <set>

#include "tests/server/api/fixture.h"

namespace tapiary::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 10'000 * kSecond;

class LiveBatchTest : public test::ApiFixture {
 protected:
  // An item with so many segments, named by item and number.
  void Add(std::int64_t id, int segments = 1, std::int64_t bytes = 100,
           std::int64_t received_ns = kNow) {
    const std::int64_t sensor = SensorId("plant-a");
    Execute(
        "INSERT INTO items (id, sensor_id, kind, epoch, seq, digest, bytes, received_ns) "
        "VALUES (?, ?, 'segments', 1, ?, ?, 5, ?)",
        {id, sensor, id, std::vector<std::uint8_t>{0}, received_ns});
    for (int i = 0; i < segments; ++i) {
      Execute(
          "INSERT INTO segments (item_id, sensor_id, epoch, stream, first_block, block_count, "
          "interface, first_ns, last_ns, packets, bytes, object) "
          "VALUES (?, ?, 1, ?, ?, 1, 'e', ?, ?, 1, ?, ?)",
          {id, sensor, id, std::int64_t{i}, 1000 - id, 1000 - id + i, bytes,
           std::to_string(id) + "." + std::to_string(i)});
    }
  }
  LiveBatch Read(const LiveCursor& after, const LiveLimits& limits = {},
                 std::optional<LiveCursor> until = {}, std::int64_t now_ns = kNow) {
    auto batch = ReadLiveBatch(*catalog_, after, until, now_ns, limits);
    EXPECT_TRUE(batch) << batch.error().message;
    return batch ? std::move(*batch) : LiveBatch{};
  }
  static std::vector<std::string> Names(const LiveBatch& batch) {
    std::vector<std::string> names;
    for (const StoredSegment& segment : batch.segments) names.push_back(segment.object);
    return names;
  }
};

TEST_F(LiveBatchTest, GivesWhatCameSinceInOrderOfTime) {
  Add(1);
  Add(2, 0);
  LiveCursor cursor = *LiveStart(*catalog_, kNow + 1);
  EXPECT_EQ(cursor.ToString(), "2");
  EXPECT_THAT(Read(cursor).segments, IsEmpty());
  Add(3, 2);
  Add(4);
  LiveBatch batch = Read(cursor);
  EXPECT_THAT(Names(batch), ElementsAre("4.0", "3.0", "3.1"));
  EXPECT_EQ(batch.segments[0].sensor, "plant-a");
  EXPECT_FALSE(batch.more);
  EXPECT_EQ(batch.next.ToString(), "4");
  EXPECT_THAT(Read(batch.next).segments, IsEmpty());
  EXPECT_EQ(Read(batch.next).next, batch.next);
}

TEST_F(LiveBatchTest, BeginsAtATime) {
  Add(1, 1, 100, kNow - 300 * kSecond);
  Add(2, 1, 100, kNow - 200 * kSecond);
  Add(5, 1, 100, kNow - 50 * kSecond);
  EXPECT_EQ(LiveStart(*catalog_, kNow - 400 * kSecond)->ToString(), "0");
  EXPECT_EQ(LiveStart(*catalog_, kNow - 250 * kSecond)->ToString(), "1");
  // 3 and 4 may still be committed.
  EXPECT_EQ(LiveStart(*catalog_, kNow)->ToString(), "5:3-4");
  EXPECT_EQ(LiveStart(*catalog_, kNow + 100 * kSecond)->ToString(), "5");
}

TEST_F(LiveBatchTest, WhatIsCommittedLateComesToo) {
  Add(1);
  Add(4);
  LiveBatch batch = Read({});
  EXPECT_EQ(batch.next.ToString(), "4:2-3");
  Add(3);
  Add(5);
  batch = Read(batch.next);
  EXPECT_THAT(Names(batch), ElementsAre("5.0", "3.0"));
  EXPECT_EQ(batch.next.ToString(), "5:2");
  // Minutes later 2 was rolled back.
  EXPECT_EQ(Read(batch.next, {}, {}, kNow + 200 * kSecond).next.ToString(), "5");
}

TEST_F(LiveBatchTest, TheSameQuestionHasTheSameAnswer) {
  Add(1);
  Add(3);
  const LiveBatch first = Read({});
  Add(2);
  Add(4);
  const LiveBatch again = Read({}, {}, first.next);
  EXPECT_EQ(Names(again), Names(first));
  EXPECT_EQ(again.next, first.next);
}

TEST_F(LiveBatchTest, IsBoundedAndGoesOnWhereItStopped) {
  for (std::int64_t id = 1; id <= 10; ++id) Add(id, id % 2 == 0 ? 3 : 0, 100);
  const LiveLimits cases[] = {{.items = 1},    {.items = 3},    {.bytes = 1},   {.bytes = 650},
                              {.segments = 3}, {.segments = 4}, {.segments = 7}};
  for (const LiveLimits& limits : cases) {
    LiveBatch batch;
    std::vector<std::string> all;
    int batches = 0;
    for (batch.more = true; batch.more && batches < 20; ++batches) {
      const LiveCursor after = batch.next;
      batch = Read(after, limits);
      const auto names = Names(batch);
      EXPECT_EQ(Names(Read(after, limits, batch.next)), names);
      all.insert(all.end(), names.begin(), names.end());
    }
    EXPECT_GT(batches, 1);
    EXPECT_EQ(all.size(), 15u) << batches;
    EXPECT_EQ(std::set(all.begin(), all.end()).size(), 15u);
    EXPECT_EQ(batch.next.ToString(), "10");
  }
  const auto refused = ReadLiveBatch(*catalog_, {}, {}, kNow, {.segments = 2});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kTooLarge);
}

TEST_F(LiveBatchTest, ACursorOfAnotherCatalogIsRefused) {
  Add(3);
  EXPECT_TRUE(ReadLiveBatch(*catalog_, {.newest = 3}, {}, kNow));
  const auto refused = ReadLiveBatch(*catalog_, {.newest = 4}, {}, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kInvalid);
}

TEST_F(LiveBatchTest, RemovedSegmentsDisturbNobody) {
  Add(1);
  Add(2);
  Execute("DELETE FROM segments WHERE item_id = 1");
  const LiveBatch batch = Read({});
  EXPECT_THAT(Names(batch), ElementsAre("2.0"));
  EXPECT_EQ(batch.next.ToString(), "2");
}

// Numbers are given in order; transactions end in any order within a minute, or are rolled back.
TEST_F(LiveBatchTest, EachComesOnceWhateverTheOrderOfCommits) {
  std::mt19937 random(11);  // NOLINT: the same each time
  constexpr int kItems = 300;
  std::multimap<std::int64_t, std::int64_t> commits;  // time to number
  std::map<std::int64_t, std::int64_t> begun;
  for (std::int64_t id = 1; id <= kItems; ++id) {
    begun[id] = kNow + id * kSecond;
    if (random() % 10 == 0) continue;  // rolled back
    commits.emplace(begun[id] + static_cast<std::int64_t>(random() % 60) * kSecond, id);
  }
  LiveLimits limits{.items = 7, .bytes = 250, .settle_ns = 61 * kSecond};
  LiveCursor cursor;
  std::multiset<std::string> got;
  std::int64_t now_ns = kNow;
  for (auto next = commits.begin(); next != commits.end() || now_ns < kNow + 600 * kSecond;) {
    now_ns += static_cast<std::int64_t>(random() % 5000) * 1'000'000;
    for (; next != commits.end() && next->first <= now_ns; ++next) {
      Add(next->second, 1, 100, begun[next->second]);
    }
    const LiveBatch batch = Read(cursor, limits, {}, now_ns);
    const auto names = Names(batch);
    got.insert(names.begin(), names.end());
    cursor = batch.next;
  }
  EXPECT_EQ(got.size(), commits.size());
  for (const auto& [time, id] : commits) EXPECT_EQ(got.count(std::to_string(id) + ".0"), 1u) << id;
  EXPECT_TRUE(cursor.missing.empty());
}

}  // namespace
}  // namespace tapiary::server
