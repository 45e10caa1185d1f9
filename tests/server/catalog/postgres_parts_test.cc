#include "server/catalog/postgres_parts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "server/catalog/postgres_sql.h"
#include "server/catalog/schema.h"
#include "server/catalog/schema_steps.h"
#include "server/ingest/item.h"
#include "tests/server/catalog/parts_fixture.h"

namespace tapiary::server::test {
namespace {

class PostgresPartsTest : public PartsTest {
 protected:
  void SetUp() override {
    if (!OnPostgres()) GTEST_SKIP() << "runs under postgres_server.sh";
    PartsTest::SetUp();
  }
  // A database of the version before parts, with rows.
  void MakeOld() {
    const auto steps = SchemaSteps();
    const auto step =
        static_cast<std::size_t>(std::ranges::find(steps, kTimePartsStep) - steps.begin());
    const auto before = PostgresConnection::Open(options_.url, "");
    ASSERT_TRUE(before);
    std::string script = PostgresFunctions();
    for (std::size_t i = 0; i < step; ++i) script += PostgresStep(SchemaSteps()[i]);
    script +=
        "CREATE TABLE schema_version (version BIGINT NOT NULL); INSERT INTO schema_version "
        "VALUES (" +
        std::to_string(step) +
        ");"
        "INSERT INTO sensors (id, name, created_ns) VALUES (1, 'a', 1);"
        "INSERT INTO flows (sensor_id, epoch, number, part, stream, interface, start_ns, "
        "end_ns, proto, ether_type, orig_port, resp_port, orig_packets, orig_bytes, "
        "resp_packets, resp_bytes, community_id, service, transactions, commands, "
        "received_ns, blocks, record) SELECT 1, 7, n, 0, 0, '', 20800 * 86400000000000, "
        "20800 * 86400000000000, 0, 0, 0, 0, 3, 0, 0, 0, '', '', 0, 0, n, '[]', '{}' FROM "
        "generate_series(1, 1000) n;"
        "INSERT INTO events (sensor_id, time_ns, received_ns, type, record) SELECT 1, n, n, '', "
        "'{}' "
        "FROM generate_series(1, 20) n;"
        "INSERT INTO transactions (sensor_id, epoch, flow_number, number, time_ns, protocol, "
        "operation, code, status, command, technique, orig_port, resp_port, community_id, "
        "received_ns, record) SELECT 1, 7, n, 1, 2, '', '', 1, '', 1, '', 1, 1, '', n, '{}' FROM "
        "generate_series(1, 20) n";
    const auto done = (*before)->Script(script);
    ASSERT_TRUE(done) << done.error().message;
  }
};

// The table of before is the first part as it is.
TEST_F(PostgresPartsTest, TheTableOfBeforeIsTheFirstPart) {
  MakeOld();
  const std::int64_t now_ns = base::WallNow();
  Open();
  EXPECT_EQ(Rows("SELECT COUNT(*), MIN(id), MAX(id), MIN(tableoid::regclass::text) FROM flows"),
            "1000 1 1000 flows_before");
  EXPECT_EQ(Rows("SELECT part, sensor_id, epoch, lowest, highest FROM part_numbers"),
            "flows_before 1 7 1 1000");
  EXPECT_EQ(Rows("SELECT COUNT(*), MIN(id), MAX(id), MIN(tableoid::regclass::text) FROM events"),
            "20 1 20 events_before");
  EXPECT_EQ(Rows("SELECT COUNT(*), MIN(tableoid::regclass::text) FROM transactions"),
            "20 transactions_before");
  ASSERT_TRUE(
      Do("INSERT INTO events (sensor_id, time_ns, received_ns, type, record) VALUES (1, 5, "
         "5, '', '{}')"));
  EXPECT_EQ(Rows("SELECT COUNT(DISTINCT id) FROM events"), "21");
  AddFacts(now_ns, {1, 2});
  AddFacts(now_ns, {2, 3});
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM transactions"), "22");
  const auto parts = PartsOf("flows");
  ASSERT_GE(parts.size(), 3u);
  EXPECT_EQ(parts.front().name, "flows_before");
  EXPECT_GT(parts.front().to_ns, now_ns);
  EXPECT_EQ(parts[1].from_ns, parts.front().to_ns);
  EXPECT_GE(parts.back().to_ns, now_ns + 2 * base::kNanosPerDay);
  // The planner learns of it without a row being written.
  const std::int64_t until = base::SteadyNow() + 20 * base::kNanosPerSecond;
  const std::string known = "SELECT reltuples FROM pg_class WHERE oid = 'flows'::regclass";
  while (Rows(known) != "1000" && base::SteadyNow() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(Rows(known), "1000");
  // Rows of before are known, new ones have new numbers, and its indexes are the table's.
  Add(now_ns + base::kNanosPerDay, {Flow(1000), Flow(1001)});
  EXPECT_EQ(Rows("SELECT COUNT(*), COUNT(DISTINCT id) FROM flows"), "1001 1001");
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhrelid "
                 "WHERE x.indrelid = 'flows_before'::regclass"),
            "4");
}

TEST_F(PostgresPartsTest, TimesWithoutAPartAreKept) {
  OpenWithDays();
  Add(kDay + 300 * base::kNanosPerDay, {Flow(5)});
  Add(kDay, {Flow(5), Flow(6)});
  EXPECT_EQ(Flows(), "5 0 flows_default; 6 0 flows_20261213");
  ASSERT_TRUE(catalog_->MakeTimeParts(kDay + 300 * base::kNanosPerDay));  // its day stays there
  Add(kDay + 301 * base::kNanosPerDay, {Flow(5), Flow(7)});
  EXPECT_EQ(Flows(), "5 0 flows_default; 6 0 flows_20261213; 7 0 flows_20271010");
}

// The two take different parts, where no unique index is between them.
TEST_F(PostgresPartsTest, UP01_CollectorsThatMeetOnAFlowAtMidnightStoreItOnce) {
  OpenWithDays();
  std::atomic<bool> first_added{false};
  std::jthread first([&] {
    EXPECT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(AddIn(writer, kDay + base::kNanosPerDay - 1, {Flow(5), Flow(6)}));
      first_added = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      return {};
    }));
  });
  while (!first_added) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  Add(kDay + base::kNanosPerDay, {Flow(6), Flow(7)});
  first.join();
  EXPECT_EQ(Flows(), "5 0 flows_20261213; 6 0 flows_20261213; 7 0 flows_20261214");
}

// What that rests on: an item's rows are not added while another of its sensor is under way.
TEST_F(PostgresPartsTest, UP01_ItemsOfASensorAreStoredOneByOne) {
  OpenWithDays();
  std::atomic<bool> released{false};
  std::atomic<bool> locked{false};
  std::jthread other([&] {
    EXPECT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute("UPDATE sensors SET last_seen_ns = 1 WHERE id = 1", {}));
      locked = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      released = true;
      return {};
    }));
  });
  while (!locked) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  Item item{.sensor_id = 1, .sensor = "a", .kind = "flows"};
  bool after = false;
  EXPECT_TRUE(StoreItem(*catalog_, item, [&](SqlWriter&, const ItemRow&) -> base::Result<> {
    after = released;
    return {};
  }));
  EXPECT_TRUE(after);
}

TEST_F(PostgresPartsTest, APartGoesAsAWholeAndWaitsForNobodyLong) {
  OpenWithDays();
  Add(kDay, {Flow(5)});
  Add(kDay + base::kNanosPerDay, {Flow(6)});
  const auto parts = PartsOf("flows");
  const auto drop = [&] {
    return catalog_->Write([&](SqlWriter& writer) { return writer.DropPart(parts.front()); });
  };
  base::Result<> refused;
  ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(AddIn(writer, kDay + base::kNanosPerDay, {Flow(7)}));
    refused = drop();
    return {};
  }));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM flows"), "3");
  ASSERT_TRUE(drop());
  EXPECT_EQ(Flows(), "6 0 flows_20261214; 7 0 flows_20261214");
  EXPECT_EQ(Rows("SELECT part FROM part_numbers"), "flows_20261214");
  EXPECT_FALSE(drop());
  Add(kDay + base::kNanosPerDay, {Flow(5)});  // nobody knows it any more
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM flows"), "3");
}

}  // namespace
}  // namespace tapiary::server::test
