#include "server/api/drop_counts.h"

#include <gmock/gmock.h>

#include "tests/server/api/fixture.h"

namespace tapiary::server {
namespace {

using testing::HasSubstr;

class DropCountsTest : public test::ApiFixture {
 protected:
  void SetUp() override {
    ApiFixture::SetUp();
    StoreModbus(1);
  }
  void AddLedger(std::int64_t epoch, std::int64_t offered, const std::string& record) {
    Execute(
        "INSERT INTO ledger (sensor_id, epoch, interface, time_ns, offered, recorded, filtered, "
        "lost, record) VALUES (?, ?, 'eth\\x00', ?, ?, ?, 10, 7, ?)",
        {SensorId("plant-a"), epoch, epoch * 1000, offered, offered - 17, record});
  }
  static StoredSegment SegmentOf(std::uint64_t epoch, std::int64_t id) {
    StoredSegment segment;
    segment.id = id;
    segment.sensor = "plant-a";
    segment.interface = "eth\\x00";
    segment.epoch = epoch;
    return segment;
  }
};

TEST_F(DropCountsTest, SumsTheEpochsOfTheDownload) {
  AddLedger(7, 100, R"({"lost":{"storage-backlog":5,"kernel":2}})");
  AddLedger(8, 1000, R"({"lost":{"kernel":7}})");
  AddLedger(9, 5000, R"({"lost":{"kernel":7}})");  // not in the download
  DropCounts counts(*catalog_);
  const std::string name("eth\0", 4);
  EXPECT_FALSE(counts.Find("plant-a", name));
  counts.Note(SegmentOf(7, 1), name);
  counts.Note(SegmentOf(7, 1), name);
  counts.Note(SegmentOf(8, 2), name);
  counts.Note(SegmentOf(7, 3), name);
  const auto found = counts.Find("plant-a", name);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->received, 1100u);
  EXPECT_EQ(found->accepted, 1080u);
  EXPECT_EQ(found->lost, 14u);
  EXPECT_EQ(found->delivered, 1100u - 34);
  EXPECT_EQ(found->time_ns, 8000);
  EXPECT_THAT(found->comment, HasSubstr("2 starts"));
  EXPECT_THAT(found->comment, HasSubstr("lost, kernel: 9"));
  EXPECT_THAT(found->comment, HasSubstr("lost, storage-backlog: 5"));
  EXPECT_FALSE(counts.Find("plant-b", name));
  EXPECT_FALSE(counts.Find("plant-a", "eth0"));
}

// A replayed file has one ledger, and names its interfaces as it likes.
TEST_F(DropCountsTest, AFilesInterfaceHasTheFilesLedger) {
  AddLedger(7, 100, "{}");
  DropCounts counts(*catalog_);
  counts.Note(SegmentOf(7, 1), "mirror0");
  const auto found = counts.Find("plant-a", "mirror0");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->received, 100u);
  EXPECT_THAT(found->comment,
              HasSubstr(R"(of the sensor's file eth\x00, all its interfaces, from)"));
  EXPECT_FALSE(counts.Find("plant-a", std::string("eth\0", 4)));
}

TEST_F(DropCountsTest, ARecordThatIsNoJsonCostsOnlyTheReasons) {
  AddLedger(7, 100, "{");
  DropCounts counts(*catalog_);
  counts.Note(SegmentOf(7, 1), std::string("eth\0", 4));
  const auto found = counts.Find("plant-a", std::string("eth\0", 4));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->lost, 7u);
  EXPECT_EQ(found->comment.find("kernel"), std::string::npos);
}

}  // namespace
}  // namespace tapiary::server
