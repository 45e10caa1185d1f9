#include "server/api/live_cursor.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace tapiary::server {
namespace {

using Ranges = std::vector<LiveCursor::Range>;

TEST(LiveCursor, TextIsReadBack) {
  for (const char* text : {"0", "900", "900:870", "900:1-5,7,880-899", "9223372036854775807:3"}) {
    const auto cursor = LiveCursor::Parse(text);
    ASSERT_TRUE(cursor) << text;
    EXPECT_EQ(cursor->ToString(), text);
  }
}

TEST(LiveCursor, OtherTextIsRefused) {
  for (const char* text : {"",
                           "start",
                           "-1",
                           "+1",
                           " 1",
                           "1 ",
                           "900:",
                           "900:900",
                           "900:901-905",
                           "900:5-3",
                           "900:7,5",
                           "900:5,5",
                           "900:5-7,7",
                           "900:-5",
                           "900:5-",
                           "900:5--7",
                           "900;5",
                           "900:5,",
                           "900,5",
                           "9223372036854775808",
                           "99999999999999999999",
                           "900:1:2"}) {
    EXPECT_FALSE(LiveCursor::Parse(text)) << text;
  }
  std::string many = "100000:0";
  for (int i = 1; i < 200; ++i) many += "," + std::to_string(i * 2);
  EXPECT_FALSE(LiveCursor::Parse(many));
}

TEST(LiveCursor, WhatWasNotThereIsLookedForAgain) {
  const LiveCursor start{.newest = 10};
  const LiveCursor next = start.After({11, 12, 15, 20}, INT64_MAX, 5);
  EXPECT_EQ(next.ToString(), "20:13-14,16-19");
  EXPECT_TRUE(next.Seen(12));
  EXPECT_FALSE(next.Seen(13));
  EXPECT_FALSE(next.Seen(21));
  EXPECT_EQ(next.Unseen(), (Ranges{{13, 14}, {16, 19}, {21, INT64_MAX}}));
  EXPECT_EQ(next.After({14, 17, 21}, INT64_MAX, 5).ToString(), "21:13,16,18-19");
  EXPECT_EQ(next.After({}, INT64_MAX, 17).ToString(), "20:18-19");  // rolled back
  EXPECT_EQ(next.After({}, INT64_MAX, 30).ToString(), "20");
}

TEST(LiveCursor, WhatWasNotLookedAtIsNotGivenUp) {
  const LiveCursor start = *LiveCursor::Parse("20:13-14,16-19");
  EXPECT_EQ(start.After({13}, 13, 100).ToString(), "20:14,16-19");
  EXPECT_EQ(start.After({13, 17}, 17, 100).ToString(), "20:18-19");
}

TEST(LiveCursor, OfTooManyGapsTheOldestAreGivenUp) {
  std::vector<std::int64_t> taken;
  for (std::int64_t i = 1; i <= 1000; i += 2) taken.push_back(i);
  const LiveCursor next = LiveCursor{}.After(taken, INT64_MAX, 0);
  EXPECT_EQ(next.missing.size(), LiveCursor::kMaxRanges);
  EXPECT_EQ(next.missing.back(), (LiveCursor::Range{998, 998}));
  EXPECT_TRUE(LiveCursor::Parse(next.ToString()));
}

// Against a plain set of numbers.
TEST(LiveCursor, AgreesWithASet) {
  std::mt19937 random(3);  // NOLINT: the same each time
  for (int round = 0; round < 300; ++round) {
    LiveCursor cursor;
    std::set<std::int64_t> seen;
    for (int step = 0; step < 5; ++step) {
      std::vector<std::int64_t> taken;
      const std::int64_t top = cursor.newest + static_cast<std::int64_t>(random() % 20);
      for (std::int64_t id = 1; id <= top; ++id) {
        if (!seen.contains(id) && random() % 3 == 0) taken.push_back(id);
      }
      cursor = cursor.After(taken, INT64_MAX, 0);
      seen.insert(taken.begin(), taken.end());
      for (std::int64_t id = 1; id <= top + 2; ++id) {
        ASSERT_EQ(cursor.Seen(id), seen.contains(id)) << cursor.ToString() << " " << id;
      }
      ASSERT_EQ(*LiveCursor::Parse(cursor.ToString()), cursor);
    }
  }
}

}  // namespace
}  // namespace tapiary::server
