#include "server/api/segment_feed.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/server/api/fixture.h"

namespace tapiary::server {
namespace {

class SegmentFeedTest : public test::ApiFixture {
 protected:
  // Segments whose first packets come in an order unlike that of their rows, many at one time.
  void AddRows(int count) {
    const std::int64_t sensor = SensorId("plant-a");
    Execute(
        "INSERT INTO items (id, sensor_id, kind, epoch, seq, digest, bytes, received_ns) "
        "VALUES (1, ?, 'segments', 1, 1, ?, 0, 5)",
        {sensor, std::vector<std::uint8_t>{0}});
    Execute(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "
        "INSERT INTO segments (item_id, sensor_id, epoch, stream, first_block, block_count, "
        "interface, first_ns, last_ns, packets, bytes, object) "
        "SELECT 1, ?, 1, 0, i * 10, 10, 'eth\\x00', (i * 37) % 101, 200, 1, 1, 'o' || i FROM n",
        {std::int64_t{count}, sensor});
  }
};

TEST_F(SegmentFeedTest, PagesThroughAllInOrder) {
  AddRows(1000);
  SegmentFeed feed =
      FeedFromCatalog(*catalog_, {"TRUE", {}}, [](const StoredSegment&) { return true; });
  std::int64_t last = INT64_MIN;
  std::set<std::string> seen;
  for (auto segment = *feed(); segment; segment = *feed()) {
    EXPECT_GE(segment->first_ns, last);
    last = segment->first_ns;
    seen.insert(segment->object);
    EXPECT_EQ(segment->sensor, "plant-a");
    EXPECT_EQ(segment->interface, "eth\\x00");
  }
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_FALSE(*feed());
}

TEST_F(SegmentFeedTest, LeavesOutWhatIsNotWanted) {
  AddRows(1000);
  SegmentFeed feed =
      FeedFromCatalog(*catalog_, {"g.first_ns >= ?", {std::int64_t{90}}},
                      [](const StoredSegment& segment) { return segment.first_block == 9990; });
  const auto only = *feed();  // (999 * 37) % 101 is 98
  ASSERT_TRUE(only);
  EXPECT_EQ(only->object, "o999");
  EXPECT_FALSE(*feed());
}

TEST_F(SegmentFeedTest, FindsOneById) {
  AddRows(3);
  EXPECT_EQ((*FindSegment(*catalog_, 2))->object, "o1");
  EXPECT_FALSE(*FindSegment(*catalog_, 99));
}

}  // namespace
}  // namespace tapiary::server
