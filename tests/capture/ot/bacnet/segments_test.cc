#include "capture/ot/bacnet/segments.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"

namespace tapiary::capture::bacnet {
namespace {

Segment Make(std::uint64_t key, std::uint8_t sequence, bool more, std::string_view data) {
  Segment segment;
  segment.key = key;
  segment.sequence = sequence;
  segment.more_follows = more;
  segment.data = base::AsBytes(data);
  segment.time_ns = 1000 + sequence;
  return segment;
}

TEST(BacnetSegments, JoinsInOrderAndSkipsRepeats) {
  SegmentTable table;
  const base::Bytes front = base::AsBytes("F:");
  EXPECT_FALSE(table.Add(Make(1, 0, true, "ab"), front));
  EXPECT_FALSE(table.Add(Make(1, 0, true, "ab"), front));
  EXPECT_FALSE(table.Add(Make(1, 1, true, "cd"), front));
  const auto done = table.Add(Make(1, 2, false, "e"), front);
  ASSERT_TRUE(done);
  EXPECT_EQ(base::AsText(done->bytes), "F:abcde");
  EXPECT_EQ(done->segments, 4u);
  EXPECT_FALSE(done->cut);
  EXPECT_EQ(done->first_ns, 1000);
  EXPECT_EQ(table.next_due_ns(), INT64_MAX);
}

TEST(BacnetSegments, AHoleIsCutWhenItIsStale) {
  SegmentTable table;
  EXPECT_FALSE(table.Add(Make(1, 0, true, "ab"), {}));
  EXPECT_FALSE(table.Add(Make(1, 2, false, "e"), {}));
  EXPECT_FALSE(table.TakeStale(2000, false));
  const auto stale = table.TakeStale(table.next_due_ns(), false);
  ASSERT_TRUE(stale);
  EXPECT_TRUE(stale->cut);
  EXPECT_EQ(base::AsText(stale->bytes), "ab");
}

TEST(BacnetSegments, OT13_MemoryIsBounded) {
  SegmentTable table;
  const std::string block(1400, 'x');
  std::optional<Assembled> done;
  for (int i = 0; i < 255; ++i) {
    EXPECT_FALSE(table.Add(Make(1, static_cast<std::uint8_t>(i), true, block), {}));
  }
  done = table.Add(Make(1, 255, false, block), {});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->bytes.size(), SegmentTable::kMaxBytes);
  EXPECT_TRUE(done->cut);
  int displaced = 0;
  for (std::uint64_t key = 0; key < 100; ++key) {
    displaced += table.Add(Make(key, 0, true, "a"), {}) ? 1 : 0;
  }
  EXPECT_EQ(displaced, 100 - static_cast<int>(SegmentTable::kMaxOpen));
}

}  // namespace
}  // namespace tapiary::capture::bacnet
