// Sensors are asked to hurry while somebody follows, and not longer.
#include "server/ingest/live_tail.h"

#include <gtest/gtest.h>

#include "server/retention/lease.h"
#include "tests/server/ingest/fixture.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kSecond = base::kNanosPerSecond;

class LiveTailTest : public test::IngestFixture {
 protected:
  void AddSensors(const std::string& name, int count, std::int64_t seen_ns) {
    ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      for (int i = 0; i < count; ++i) {
        const SqlValue values[] = {next_id_++, name + std::to_string(i), seen_ns};
        TAPIARY_TRY(writer.Execute(
            "INSERT INTO sensors (id, name, created_ns, last_seen_ns) VALUES (?, ?, 1, ?)",
            values));
      }
      return {};
    }));
  }
  const std::int64_t now_ns_ = base::WallNow();
  std::int64_t next_id_ = 1000;
};

TEST_F(LiveTailTest, OnlyWhileSomebodyFollows) {
  LiveTail tail(*catalog_);
  EXPECT_EQ(tail.SegmentAge(now_ns_), 0);
  ASSERT_TRUE(LiveTail::Note(*catalog_, now_ns_));
  EXPECT_EQ(tail.SegmentAge(now_ns_ + kSecond / 2), 0);  // from memory
  EXPECT_EQ(tail.SegmentAge(now_ns_ + kSecond), LiveTail::kShortestAge);
  ASSERT_TRUE(LiveTail::Note(*catalog_, now_ns_ + 15 * kSecond));
  EXPECT_EQ(tail.SegmentAge(now_ns_ + 30 * kSecond), LiveTail::kShortestAge);
  EXPECT_EQ(tail.SegmentAge(now_ns_ + 36 * kSecond), 0);
}

TEST_F(LiveTailTest, NotedOnceInAFewSeconds) {
  const auto until = [this] { return Row("SELECT until_ns FROM leases").at(0); };
  ASSERT_TRUE(LiveTail::Note(*catalog_, now_ns_));
  const std::string first = until();
  ASSERT_TRUE(LiveTail::Note(*catalog_, now_ns_ + 5 * kSecond));
  EXPECT_EQ(until(), first);
  ASSERT_TRUE(LiveTail::Note(*catalog_, now_ns_ + 11 * kSecond));
  EXPECT_NE(until(), first);
}

TEST_F(LiveTailTest, ManySensorsHurryLessAndVeryManyNotAtAll) {
  ASSERT_TRUE(LiveTail::Note(*catalog_, now_ns_));
  AddSensors("plant-", 100, now_ns_);
  AddSensors("gone-", 1000, now_ns_ - 3600 * kSecond);
  EXPECT_EQ(LiveTail(*catalog_).SegmentAge(now_ns_), 10);
  AddSensors("field-", 300, now_ns_);
  EXPECT_EQ(LiveTail(*catalog_).SegmentAge(now_ns_), 0);
}

TEST_F(LiveTailTest, AClockThatWasWrongDoesNotHurryThemForever) {
  ASSERT_TRUE(TakeLease(*catalog_, "live-tail", "", now_ns_ + 3600 * kSecond, kSecond));
  EXPECT_EQ(LiveTail(*catalog_).SegmentAge(now_ns_), 0);
  ASSERT_TRUE(LiveTail::Note(*catalog_, now_ns_));
  EXPECT_EQ(LiveTail(*catalog_).SegmentAge(now_ns_), LiveTail::kShortestAge);
}

}  // namespace
}  // namespace tapiary::server
