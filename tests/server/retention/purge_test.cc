#include "server/retention/purge.h"

#include <gmock/gmock.h>

#include "base/clock.h"
#include "server/ingest/rows.h"
#include "tests/server/retention/fixture.h"

namespace tapiary::server::test {
namespace {

class PurgeTest : public RetentionFixture {
 protected:
  StoredAmount Remove(const Purge& purge, std::int64_t now_ns = At(100)) {
    const auto names = ReadSensorNames(*catalog_);
    EXPECT_TRUE(names);
    const auto removed = RunPurge({*catalog_, *vault_, *names, stop_, now_ns}, purge);
    EXPECT_TRUE(removed) << removed.error().message;
    return removed ? *removed : StoredAmount{};
  }
  Purge Hour(DataKind kind, std::vector<std::int64_t> sensors, bool of_all = false,
             std::int64_t bytes = 0) {
    return {kind, kHour, std::move(sensors), of_all, PurgeReason::kAge, bytes};
  }
};

TEST_F(PurgeTest, AnHourOfOneSensorGoesWithItsObjectsAndIsWrittenDown) {
  const std::int64_t a = Sensor("a");
  const std::int64_t b = Sensor("b");
  for (const std::int64_t sensor : {a, b}) {
    AddPackets(sensor, At(0), 10);
    AddPackets(sensor, At(0, 59), 20);
    AddPackets(sensor, At(1), 40);
  }
  EXPECT_EQ(Remove(Hour(DataKind::kPackets, {a})).bytes, 30);
  EXPECT_EQ(Count("segments"), 4);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM segments WHERE sensor_id = " + std::to_string(a)), 1);
  ExpectAccountsRight();
  EXPECT_EQ(Number("SELECT since_ns FROM retained WHERE kind = 'packets'"), At(0, 59) + 1);
  EXPECT_EQ(Number("SELECT bytes FROM retained WHERE kind = 'packets'"), 30);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM items WHERE removed_ns IS NOT NULL"), 2);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM audit WHERE action = 'data-removed' AND detail LIKE "
                   "'packets of sensor a %2 removed, 30 B, because of age'"),
            1);
}

TEST_F(PurgeTest, RowsOfAllGoTogetherAndTheRollUpsStayRight) {
  const std::int64_t a = Sensor("a");
  const std::int64_t b = Sensor("b");
  for (const std::int64_t sensor : {a, b}) {
    AddFlows(sensor, At(0, 1), 9000);  // more than one step
    AddFlows(sensor, At(0, 2), 10);
    AddFlows(sensor, At(1), 5);
    AddTransactions(sensor, At(0, 3), 7);
    AddEvents(sensor, At(0, 4), 7);
  }
  EXPECT_EQ(Remove(Hour(DataKind::kFlows, {a, b}, true)).entries, 18020);
  EXPECT_EQ(Count("flows"), 10);
  EXPECT_EQ(Count("flow_batches"), 1);
  EXPECT_EQ(Remove(Hour(DataKind::kTransactions, {a, b}, true)).entries, 14);
  EXPECT_EQ(Remove(Hour(DataKind::kEvents, {a, b}, true)).entries, 14);
  ExpectAccountsRight();
  EXPECT_EQ(Number("SELECT COUNT(*) FROM items WHERE kind = 'flows' AND removed_ns IS NOT NULL"),
            4);
}

// Facts without a transaction fill the database as well.
TEST_F(PurgeTest, BodiesOfItemsWithoutRowsGoToo) {
  const std::int64_t a = Sensor("a");
  for (const std::int64_t hours : {0, 60}) {
    Execute(
        "INSERT INTO items (sensor_id, kind, epoch, seq, digest, bytes, received_ns) VALUES (?, "
        "'facts', 1, ?, ?, 9, ?)",
        {a, hours, std::vector<std::uint8_t>{1}, At(hours)});
    Execute("INSERT INTO item_bodies (item_id, body) SELECT MAX(id), ? FROM items",
            {std::vector<std::uint8_t>(9, 7)});
    ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) {
      return CountStored(writer, DataKind::kTransactions, a, At(hours), {0, 9});
    }));
  }
  RetentionPolicy policy;
  for (KeepLimit& keep : policy.all) keep.age_ns = 2 * base::kNanosPerHour;
  Run(policy, At(61));
  EXPECT_EQ(Count("item_bodies"), 1);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM items WHERE removed_ns IS NULL AND seq = 60"), 1);
  EXPECT_EQ(Number("SELECT SUM(bytes) FROM stored"), 9);
}

// Not by sensor: with a million rows of one, each step would sort them all.
TEST_F(PurgeTest, RowsOfOneSensorAreFoundByTime) {
  const std::int64_t a = Sensor("a");
  const std::int64_t b = Sensor("b");
  for (std::int64_t minutes = 0; minutes < 30; ++minutes) {
    AddFlows(a, At(0, minutes), 1000);
    AddFlows(b, At(0, minutes), 1000);
  }
  const std::int64_t from_ns = base::SteadyNow();
  EXPECT_EQ(Remove(Hour(DataKind::kFlows, {a})).entries, 30'000);
  EXPECT_LT(base::SteadyNow() - from_ns, 20 * base::kNanosPerSecond);
  EXPECT_EQ(Count("flows"), 30'000);
  ExpectAccountsRight();
}

TEST_F(PurgeTest, APartOfAnHourIsItsOldest) {
  const std::int64_t a = Sensor("a");
  for (std::int64_t minutes = 0; minutes < 50; ++minutes) AddPackets(a, At(0, minutes), 100);
  const StoredAmount removed = Remove(Hour(DataKind::kPackets, {a}, false, 2000));
  EXPECT_GE(removed.bytes, 2000);
  EXPECT_LE(removed.bytes, 2200);  // to the next whole segment
  EXPECT_EQ(Number("SELECT MIN(received_ns) FROM segments"), At(0, removed.entries));
  EXPECT_EQ(Number("SELECT since_ns FROM retained"), At(0, removed.entries - 1) + 1);
  ExpectAccountsRight();
}

TEST_F(PurgeTest, WhatIsPinnedStaysAndIsNotAskedForAgainUntilPinsAreGone) {
  const std::int64_t a = Sensor("a");
  AddFlows(a, At(0, 1), 3);
  AddFlows(a, At(0, 2), 5);
  AddPackets(a, At(0, 2), 10);
  Pin(a, At(0, 2), At(0, 2));
  RetentionPolicy policy;
  for (KeepLimit& keep : policy.all) keep.age_ns = base::kNanosPerHour;
  EXPECT_EQ(Run(policy, At(20)).entries, 3);  // the day of the flows is over
  EXPECT_EQ(Count("flows"), 5);
  EXPECT_EQ(Objects(), 1u);
  ExpectAccountsRight();
  Execute("DELETE FROM pins");
  Retention again(*catalog_, *vault_, {policy, kMinuteNs});
  EXPECT_EQ(again.RunOnce(At(21))->entries, 6);  // a new life asks once
  EXPECT_EQ(Count("flows") + Count("segments"), 0);
  ExpectAccountsRight();
}

TEST_F(PurgeTest, ACrashBetweenRowAndObjectLeavesNoOrphan) {
  const std::int64_t a = Sensor("a");
  AddPackets(a, At(0), 10);
  std::string object;
  ASSERT_TRUE(catalog_->Query("SELECT object FROM segments", {}, [&object](const SqlRow& row) {
    object = row.Text(0);
    return false;
  }));
  Execute("INSERT INTO vault_trash (object) VALUES (?)", {object});
  Execute("DELETE FROM segments");
  EXPECT_EQ(*EmptyTrash(*catalog_, *vault_, stop_), 1u);
  EXPECT_EQ(Objects(), 0u);
  EXPECT_EQ(Count("vault_trash"), 0);
  EXPECT_EQ(*EmptyTrash(*catalog_, *vault_, stop_), 0u);
}

// A part that comes after its flow was removed begins the flow again; the account follows.
TEST_F(PurgeTest, FlowsThatMoveToALaterHourAreCountedThere) {
  const std::int64_t a = Sensor("a");
  std::vector<capture::FlowRecord> flows(1);
  flows[0].id = {1, 1};
  flows[0].orig.packets = 5;
  const auto store = [&](std::int64_t received_ns) {
    ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(FlowRows(a, flows).Add(writer, received_ns));
      return {};
    }));
  };
  store(At(0));
  flows[0].part = 1;
  store(At(1));
  ExpectAccountsRight();
  EXPECT_EQ(Remove(Hour(DataKind::kFlows, {a})).entries, 0);
  EXPECT_EQ(Count("flows"), 1);
  Purge next = Hour(DataKind::kFlows, {a});
  next.hour += 1;
  EXPECT_EQ(Remove(next).entries, 1);
  flows[0].part = 2;
  store(At(2));
  EXPECT_EQ(Count("flows"), 1);
  ExpectAccountsRight();
}

// In a disk emergency packets go before their rows; both are gone at the end.
TEST_F(PurgeTest, CO11_InAnEmergencyObjectsGoFirst) {
  const std::int64_t a = Sensor("a");
  for (std::int64_t minutes = 0; minutes < 30; ++minutes) AddPackets(a, At(0, minutes), 100);
  Purge purge = Hour(DataKind::kPackets, {a}, false, 1000);
  purge.reason = PurgeReason::kDisk;
  EXPECT_GE(Remove(purge).bytes, 1000);
  ExpectAccountsRight();
  EXPECT_EQ(Number("SELECT COUNT(*) FROM retained WHERE reason = 'disk'"), 1);
}

}  // namespace
}  // namespace tapiary::server::test
