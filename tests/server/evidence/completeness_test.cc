#include "server/evidence/completeness.h"
#include "base/clock.h"

#include <gtest/gtest.h>

#include <memory>

#include "server/ingest/hour_rows.h"
#include "server/ingest/rows.h"
#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kMinute = 60LL * 1'000'000'000;
constexpr std::int64_t kTen = 500'000 * base::kNanosPerHour;  // some hour, "10:00"

class Completeness : public testing::Test {
 protected:
  void SetUp() override {
    catalog_ = std::move(*Catalog::Open(test::TestCatalog(folder_.path() + "/catalog.db")));
    Write([this](SqlWriter& writer) {
      return writer.Query(
          "INSERT INTO sensors (name, created_ns) VALUES ('plant-a', 1) RETURNING id", {},
          [this](const SqlRow& row) {
            owner_ = {row.Int(0), "plant-a", 1};
            return true;
          });
    });
  }
  void Write(const std::function<base::Result<>(SqlWriter&)>& work) {
    const auto done = catalog_->Write(work);
    ASSERT_TRUE(done) << done.error().message;
  }
  // Epochs begin at their own milliseconds.
  static std::uint64_t EpochAt(std::int64_t time_ns) {
    return static_cast<std::uint64_t>(time_ns / 1'000'000);
  }
  void Ledger(std::uint64_t epoch, std::int64_t time_ns, std::uint64_t offered, std::uint64_t lost,
              const std::string& interface = "eth0") {
    capture::LedgerRow row;
    row.interface = interface;
    row.time_ns = time_ns;
    row.offered = offered;
    row.filtered = offered / 10;
    row.recorded = offered - lost - row.filtered;
    row.recorded_bytes = row.recorded * 100;
    if (lost > 0) row.lost.emplace_back("kernel", lost);
    row.mirror.tcp_bytes = offered * 90;
    row.mirror.missed_bytes = offered * 10;
    Write([&](SqlWriter& writer) { return NoteLedgerHour(writer, owner_, epoch, row); });
  }
  HourAccount At(std::int64_t hour_ns) {
    const auto accounts = Accounts(*catalog_, {owner_.sensor_id, hour_ns, hour_ns + 1});
    EXPECT_TRUE(accounts) << accounts.error().message;
    return accounts && accounts->size() == 1 ? accounts->front() : HourAccount();
  }

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_;
  RowOwner owner_;
};

TEST_F(Completeness, AnHourIsTheDifferenceOfTwoTotals) {
  const std::uint64_t epoch = EpochAt(kTen + 30 * kMinute);
  for (int minute = 31; minute < 180; ++minute) {
    Ledger(epoch, kTen + minute * kMinute, static_cast<std::uint64_t>(minute - 30) * 1000,
           static_cast<std::uint64_t>(minute > 90 ? minute - 90 : 0));
  }
  const HourAccount ten = At(kTen);
  ASSERT_EQ(ten.interfaces.size(), 1U);
  EXPECT_EQ(ten.interfaces[0].offered, 29'000);
  EXPECT_TRUE(ten.interfaces[0].lost.empty());
  ASSERT_EQ(ten.unknown.size(), 1U);  // before the sensor started
  EXPECT_EQ(ten.unknown[0], std::pair(kTen, kTen + 30 * kMinute));
  const HourAccount eleven = At(kTen + base::kNanosPerHour);
  ASSERT_EQ(eleven.interfaces.size(), 1U);
  EXPECT_EQ(eleven.interfaces[0].offered, 60'000);
  EXPECT_EQ(eleven.interfaces[0].filtered, 6'000);
  EXPECT_EQ(eleven.interfaces[0].lost.at("kernel"), 29);
  EXPECT_EQ(eleven.interfaces[0].recorded, 60'000 - 6'000 - 29);
  EXPECT_EQ(eleven.interfaces[0].tcp_bytes, 60'000 * 90);
  EXPECT_TRUE(eleven.unknown.empty());
  const HourAccount later = At(kTen + 5 * base::kNanosPerHour);
  EXPECT_TRUE(later.interfaces.empty());
  EXPECT_EQ(later.unknown.size(), 1U);
}

TEST_F(Completeness, TotalsThatComeLateOrTwiceChangeNothing) {
  const std::uint64_t epoch = EpochAt(kTen);
  Ledger(epoch, kTen + 59 * kMinute, 500, 0);
  Ledger(epoch, kTen + 20 * kMinute, 200, 0);
  Ledger(epoch, kTen + 59 * kMinute, 500, 0);
  Ledger(epoch, kTen + 119 * kMinute, 800, 0);
  EXPECT_EQ(At(kTen).interfaces.at(0).offered, 500);
  EXPECT_EQ(At(kTen + base::kNanosPerHour).interfaces.at(0).offered, 300);
}

TEST_F(Completeness, ARestartWithinAnHourLeavesAHoleThatIsNamed) {
  Ledger(EpochAt(kTen), kTen + 20 * kMinute, 100, 0);
  Ledger(EpochAt(kTen + 40 * kMinute), kTen + 60 * kMinute - 1, 50, 0);
  const HourAccount hour = At(kTen);
  ASSERT_EQ(hour.interfaces.size(), 1U);
  EXPECT_EQ(hour.interfaces[0].offered, 150);
  ASSERT_EQ(hour.unknown.size(), 1U);
  EXPECT_EQ(hour.unknown[0], std::pair(kTen + 20 * kMinute, kTen + 40 * kMinute));
}

// What has not been yet is not unknown: nobody signs the future.
TEST_F(Completeness, TheHourThatRunsIsUnknownUpToNow) {
  Ledger(EpochAt(kTen), kTen + 20 * kMinute, 100, 0);
  const auto unknown = [this](std::int64_t now_ns) {
    const auto hours = Accounts(*catalog_, {owner_.sensor_id, kTen, kTen + 1, now_ns});
    EXPECT_TRUE(hours) << hours.error().message;
    return hours->front().unknown;
  };
  using Spans = std::vector<std::pair<std::int64_t, std::int64_t>>;
  EXPECT_EQ(unknown(kTen + 30 * kMinute), (Spans{{kTen + 20 * kMinute, kTen + 30 * kMinute}}));
  EXPECT_EQ(unknown(kTen + 20 * kMinute + base::kNanosPerSecond), Spans{}) << "it comes yet";
  EXPECT_EQ(unknown(kTen + 99 * kMinute), (Spans{{kTen + 20 * kMinute, kTen + 60 * kMinute}}));
}

TEST_F(Completeness, HP01_AClockThatGoesBackNeitherCountsTwiceNorLess) {
  const std::uint64_t epoch = EpochAt(kTen);
  Ledger(epoch, kTen + 70 * kMinute, 1000, 0);
  Ledger(epoch, kTen + 10 * kMinute, 1500, 0);  // an hour back
  Ledger(epoch, kTen + 75 * kMinute, 1700, 0);
  EXPECT_EQ(
      At(kTen).interfaces.at(0).offered + At(kTen + base::kNanosPerHour).interfaces.at(0).offered,
      1700);
}

TEST_F(Completeness, WhatASensorSaysIsNotBelievedToFit) {
  const std::uint64_t most = INT64_MAX;
  Ledger(EpochAt(kTen), kTen + kMinute, most, 0);
  Ledger(EpochAt(kTen) + 1, kTen + kMinute, most, 0);
  EXPECT_EQ(At(kTen).interfaces.at(0).offered, INT64_MAX);
  Write([this](SqlWriter& writer) -> base::Result<> {
    const std::vector<SqlValue> values{owner_.sensor_id, kTen + base::kNanosPerHour,
                                       kTen + base::kNanosPerHour};
    TAPIARY_TRY(writer.Execute(
        "INSERT INTO ledger_hours (sensor_id, epoch, interface, hour_ns, time_ns, offered, "
        "recorded, record) VALUES (?, 99, 'x', ?, ?, 1, 1, '{\"offered\":-5,\"lost\":[3]')",
        values));
    return {};
  });
  EXPECT_EQ(At(kTen + base::kNanosPerHour).interfaces.at(0).offered, 0);
}

TEST_F(Completeness, StoredAndWhatRetentionRemoved) {
  SegmentRow segment;
  segment.first_ns = kTen + kMinute;
  segment.last_ns = kTen + 2 * kMinute;
  segment.interface = "eth0";
  segment.packets = 40;
  segment.bytes = 4000;
  Write([&](SqlWriter& writer) -> base::Result<> {
    for (int i = 0; i < 3; ++i) {
      const std::vector<SqlValue> item{owner_.sensor_id, std::int64_t{i},
                                       std::vector<std::uint8_t>{1}};
      TAPIARY_TRY(writer.Query(
          "INSERT INTO items (sensor_id, kind, epoch, seq, digest, bytes, received_ns) VALUES (?, "
          "'segments', 7, ?, ?, 1, 1) RETURNING id",
          item, [&](const SqlRow& row) {
            segment.item_id = row.Int(0);
            return true;
          }));
      segment.epoch = 7;
      segment.first_block = static_cast<std::uint64_t>(i);
      segment.block_count = 1;
      segment.object = std::to_string(i);
      TAPIARY_TRY(InsertSegment(writer, owner_, segment));
      TAPIARY_TRY(NoteSegmentHour(writer, owner_, segment));
    }
    TAPIARY_TRY(writer.Execute("DELETE FROM segments WHERE first_block = 1", {}));
    return {};
  });
  const HourAccount hour = At(kTen);
  EXPECT_EQ(hour.segments, 2);
  EXPECT_EQ(hour.packets, 80);
  EXPECT_EQ(hour.bytes, 8000);
  EXPECT_EQ(hour.removed_segments, 1);
  EXPECT_EQ(hour.removed_packets, 40);
}

TEST_F(Completeness, AWindowIsBoundedAndHoursAreThoseThatItTouches) {
  EXPECT_EQ(Accounts(*catalog_, {1, 0, 745 * base::kNanosPerHour}).error().code,
            base::ErrorCode::kInvalid);
  EXPECT_EQ(Accounts(*catalog_, {1, kTen, kTen + 2 * base::kNanosPerHour})->size(), 2U);
  EXPECT_EQ(Accounts(*catalog_, {1, kTen, kTen})->size(), 0U);
  EXPECT_EQ(Accounts(*catalog_, {1, kTen + 1, kTen + 2})->size(), 1U);
}

}  // namespace
}  // namespace tapiary::server
