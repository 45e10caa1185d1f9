#include "server/retention/retention.h"
#include "base/clock.h"

#include <sys/mount.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "server/retention/disk.h"
#include "server/retention/lease.h"
#include "tests/server/retention/fixture.h"
#include "tests/support/catalog.h"

namespace tapiary::server::test {
namespace {

class RetentionTest : public RetentionFixture {};

TEST_F(RetentionTest, CO11_NoKindTakesAllAndASecondRoundFindsNothing) {
  const std::int64_t a = Sensor("a");
  for (std::int64_t hour = 0; hour < 10; ++hour) {
    AddPackets(a, At(hour), 1000);
    AddFlows(a, At(hour), 10);
    AddTransactions(a, At(hour), 3);
    AddEvents(a, At(hour), 2);
  }
  RetentionPolicy policy;
  policy.all[0] = {0, 4000};                // packets
  policy.all[1] = {0, 45 * kFlowRowBytes};  // flows, and events
  policy.all[3] = {0, 7 * kEventRowBytes + 100};
  EXPECT_GT(Run(policy, At(10, 30)).purges, 0u);
  EXPECT_EQ(Count("segments"), 4);
  EXPECT_EQ(Count("flows"), 42);  // the last step takes no fewer than 8
  EXPECT_EQ(Count("transactions"), 30);
  EXPECT_EQ(Count("events"), 6);
  ExpectAccountsRight();
  EXPECT_EQ(Run(policy, At(10, 30)).purges, 0u);
}

TEST_F(RetentionTest, OneCollectorAtATime) {
  const std::int64_t a = Sensor("a");
  AddPackets(a, At(0), 10);
  RetentionPolicy policy;
  policy.all[0].age_ns = base::kNanosPerHour;
  ASSERT_TRUE(*TakeLease(*catalog_, "retention", "another", At(50), kMinuteNs));
  EXPECT_FALSE(Run(policy, At(50)).ours);
  EXPECT_EQ(Count("segments"), 1);
  EXPECT_TRUE(Run(policy, At(51)).ours);  // the other one died
  EXPECT_EQ(Count("segments"), 0);
}

TEST_F(RetentionTest, TheThreadWorksAndGivesItsLeaseBack) {
  const std::int64_t a = Sensor("a");
  AddPackets(a, base::kNanosPerHour, 10);
  RetentionOptions options;
  options.policy.all[0].age_ns = base::kNanosPerHour;
  {
    Retention retention(*catalog_, *vault_, options);
    retention.Start();
    for (int i = 0; i < 500 && Count("segments") > 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(Count("segments"), 0);
  }
  EXPECT_EQ(Count("leases"), 0);
}

// A disk of its own in memory.
class SqliteFullDisk : public RetentionFixture {
 protected:
  void SetUp() override {
    if (::mount("tapiary", folder_.path().c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=400m") !=
        0) {
      GTEST_SKIP() << "a file system may not be mounted here";
    }
    mounted_ = true;
    RetentionFixture::SetUp();
  }
  void TearDown() override {
    catalog_.reset();
    vault_.reset();
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  // Somebody else's data, to the last byte.
  void Fill() {
    std::ofstream file(folder_.path() + "/ballast", std::ios::binary);
    const std::string block(4096, 'x');
    while (file.write(block.data(), 4096) && file.flush()) {
    }
  }
  [[nodiscard]] bool TakesPackets() {
    auto object = vault_->Create("x");
    const std::vector<std::uint8_t> bytes(1 << 20, 7);
    return object && (*object)->Append(bytes) && (*object)->ReadRange(0, 1);  // then it is written
  }
  RetentionReport RunWithDisks(std::int64_t min_free) {
    RetentionOptions options{{}, kMinuteNs, folder_.path() + "/vault", folder_.path()};
    options.policy.min_free_bytes = min_free;
    Retention retention(*catalog_, *vault_, options);
    const auto report = retention.RunOnce(At(99));
    EXPECT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report && report->ours);
    return report ? *report : RetentionReport{};
  }
  bool mounted_ = false;
};

TEST_F(SqliteFullDisk, CO11_CO14_TheOldestMakesRoomWhenNothingCanBeWritten) {
  const std::int64_t a = Sensor("a");
  for (std::int64_t hour = 0; hour < 24; ++hour) AddPackets(a, At(hour), 1 << 20);
  for (std::int64_t hour = 0; hour < 24; ++hour) {
    for (int i = 0; i < 40; ++i) AddPackets(a, At(hour, i), 100);  // many small files
  }
  Fill();
  ASSERT_EQ(RoomOf(folder_.path())->free_bytes, 0);
  ASSERT_FALSE(TakesPackets());
  const RetentionReport report = RunWithDisks(8 << 20);
  EXPECT_GE(report.bytes, 10 << 20);
  EXPECT_LE(report.bytes, 12 << 20);
  EXPECT_GE(RoomOf(folder_.path())->free_bytes, 8 << 20);
  EXPECT_TRUE(TakesPackets());
  ExpectAccountsRight();
  EXPECT_GE(Number("SELECT MIN(received_ns) FROM segments"), At(9));
  EXPECT_EQ(Number("SELECT COUNT(*) FROM retained WHERE reason = 'disk'"), 1);
  EXPECT_GE(Number("SELECT COUNT(*) FROM audit WHERE action = 'data-removed'"), 10);
  EXPECT_EQ(RunWithDisks(8 << 20).purges, 0u);
}

TEST_F(SqliteFullDisk, CO11_WithoutPacketsRowsMakeRoomInTheCatalogsFile) {
  const std::int64_t a = Sensor("a");
  for (std::int64_t hour = 0; hour < 20; ++hour) AddFlows(a, At(hour), 1000);
  EXPECT_EQ(RunWithDisks(2 << 20).purges, 0u);  // makes the reserve
  Fill();
  ASSERT_EQ(RoomOf(folder_.path())->free_bytes, 0);
  RunWithDisks(2 << 20);
  EXPECT_GT(Count("flows"), 10'000);
  EXPECT_LT(Count("flows"), 18'000);
  ExpectAccountsRight();
  const std::int64_t left = Count("flows");
  for (std::int64_t hour = 20; hour < 22; ++hour) AddFlows(a, At(hour), 1000);  // there is room
  EXPECT_EQ(Count("flows"), left + 2000);
}

}  // namespace
}  // namespace tapiary::server::test
