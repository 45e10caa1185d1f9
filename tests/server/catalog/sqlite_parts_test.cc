#include "server/catalog/sqlite_parts.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>

#include "base/clock.h"
#include "server/catalog/schema.h"
#include "server/catalog/schema_steps.h"
#include "tests/server/catalog/parts_fixture.h"

namespace tapiary::server::test {
namespace {

class SqlitePartsTest : public PartsTest {
 protected:
  void SetUp() override { options_ = {.path = path_}; }
  // A file of the version before parts.
  void MakeOld(std::int64_t flows) {
    const auto steps = SchemaSteps();
    const auto step = std::ranges::find(steps, kSqlitePartsStep) - steps.begin();
    const auto none = std::filesystem::path(path_);
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(none.c_str(), &database), SQLITE_OK);
    const auto run = [database](const std::string& sql) {
      char* error = nullptr;
      ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    };
    sqlite3_create_function(
        database, "tapiary_list", 2, SQLITE_UTF8, nullptr, nullptr,
        [](sqlite3_context*, int, sqlite3_value**) {}, [](sqlite3_context*) {});
    for (std::ptrdiff_t i = 0; i < step; ++i) run(steps[static_cast<std::size_t>(i)]);
    run("PRAGMA user_version = " + std::to_string(step));
    run("INSERT INTO sensors (id, name, created_ns) VALUES (1, 'a', 1)");
    for (std::int64_t n = 1; n <= flows; ++n) {
      run("INSERT INTO flows (sensor_id, epoch, number, part, stream, interface, start_ns, end_ns, "
          "proto, ether_type, orig_port, resp_port, orig_packets, orig_bytes, resp_packets, "
          "resp_bytes, community_id, service, transactions, commands, received_ns, blocks, record) "
          "VALUES (1, 7, " +
          std::to_string(n) + ", 0, 0, '', " + std::to_string(kDay) + ", " + std::to_string(kDay) +
          ", 0, 0, 0, 0, 3, 0, 0, 0, '', '', 0, 0, " + std::to_string(n) + ", '[]', '{}')");
    }
    if (flows > 0) {
      const std::string now = std::to_string(base::WallNow());
      run("INSERT INTO events (id, sensor_id, time_ns, received_ns, type, record) VALUES (12, 1, "
          "3, "
          "4, '', '{}'), (13, 1, 3, " +
          now + ", '', '{}')");
      run("INSERT INTO transactions (sensor_id, epoch, flow_number, number, time_ns, protocol, "
          "operation, code, status, command, technique, orig_port, resp_port, community_id, "
          "received_ns, record) VALUES (1, 7, 5, 1, 2, '', '', 1, '', 1, '', 1, 1, '', 3, '{}')");
    }
    sqlite3_close(database);
  }
  void Drop(const std::string& part) {
    const auto done = catalog_->Write([&part](SqlWriter& writer) {
      return writer.DropPart({part, "flows", 0, 0});
    });
    ASSERT_TRUE(done) << done.error().message;
  }
  std::string path_ = folder_.path() + "/c.db";
};

TEST_F(SqlitePartsTest, TheTableOfBeforeIsTheFirstPart) {
  MakeOld(100);
  const std::int64_t now_ns = base::WallNow();
  Open();
  EXPECT_EQ(Rows("SELECT COUNT(*), MIN(id >> 40), MAX(id >> 40) FROM flows"), "100 1 1");
  EXPECT_EQ(Rows("SELECT part, sensor_id, epoch, lowest, highest FROM part_numbers"),
            "flows_before 1 7 1 100; transactions_before 1 7 5 5");
  // Events keep their ids.
  EXPECT_EQ(Rows("SELECT id FROM events ORDER BY received_ns"), "12; 13");
  EXPECT_EQ(Rows("SELECT received_ns FROM events WHERE id = 12"), "4");
  EXPECT_EQ(Rows("SELECT t.flow_number, t.number FROM transactions t WHERE t.command = 1 ORDER BY "
                 "t.time_ns"),
            "5 1");
  const auto parts = PartsOf("flows");
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_GT(parts.front().to_ns, now_ns);
  EXPECT_LE(parts.front().to_ns, now_ns + base::kNanosPerDay);
  // Rows of before are known, new ones of the day go there, later ones into a part of their own.
  Add(now_ns, {Flow(99), Flow(101)});
  Add(now_ns + base::kNanosPerDay, {Flow(100), Flow(101), Flow(102)});
  EXPECT_EQ(Rows("SELECT id >> 40, COUNT(*) FROM flows GROUP BY 1"), "1 101; 3 1");
  EXPECT_EQ(Rows("SELECT COUNT(*), SUM(f.number) FROM flows f WHERE f.start_ns = " +
                 std::to_string(kDay) + " AND f.is_long = 0"),
            "102 5253");
}

TEST_F(SqlitePartsTest, AnEmptyTableOfBeforeIsInNobodysWay) {
  MakeOld(0);
  Open();
  Add(kDay, {Flow(1)});
  const auto parts = PartsOf("flows");
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts.front().to_ns, 0);
  ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) { return writer.DropPart(parts.front()); }));
  EXPECT_EQ(Flows(), "1 0 flows_20261213");
}

TEST_F(SqlitePartsTest, APartIsMadeForTheTimeOfItsFirstRow) {
  Open();
  ASSERT_TRUE(Do("INSERT INTO sensors (id, name, created_ns) VALUES (1, 'a', 1)"));
  Add(kDay + base::kNanosPerDay - 1, {Flow(1)});
  Add(kDay, {Flow(2)});
  Add(kDay + 300 * base::kNanosPerDay, {Flow(3)});
  Add(5, {Flow(4)});
  EXPECT_EQ(Flows(),
            "1 0 flows_20261213; 2 0 flows_20261213; 3 0 flows_20271009; 4 0 flows_19700101");
}

// Wider ones do not reach into what is there.
TEST_F(SqlitePartsTest, PartsDoNotOverlap) {
  Open();
  ASSERT_TRUE(Do("INSERT INTO sensors (id, name, created_ns) VALUES (1, 'a', 1)"));
  for (std::int64_t day = 0; day < 120; ++day) {
    Add(kDay + day * 37 % 120 * base::kNanosPerDay, {Flow(static_cast<std::uint64_t>(day))});
  }
  const auto parts = PartsOf("flows");
  EXPECT_LT(parts.size(), 80u);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    EXPECT_GE(parts[i].from_ns, parts[i - 1].to_ns);
    EXPECT_GT(parts[i].to_ns, parts[i].from_ns);
  }
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM flows f, time_parts p WHERE p.number = f.id >> 40 AND "
                 "f.received_ns >= p.from_ns AND f.received_ns < p.to_ns"),
            "120");
}

// A part that was made by a transaction that failed is not there, and the next one makes it.
TEST_F(SqlitePartsTest, AFailedTransactionLeavesNoPart) {
  Open();
  ASSERT_TRUE(Do("INSERT INTO sensors (id, name, created_ns) VALUES (1, 'a', 1)"));
  EXPECT_FALSE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(AddIn(writer, kDay, {Flow(1)}));
    return base::MakeError(base::ErrorCode::kInternal, "no");
  }));
  EXPECT_EQ(Flows(), "");
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM time_parts WHERE name = 'flows_20261213'"), "0");
  ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
    EXPECT_FALSE(writer.Attempt([&]() -> base::Result<> {
      TAPIARY_TRY(AddIn(writer, kDay, {Flow(1)}));
      return base::MakeError(base::ErrorCode::kInternal, "no");
    }));
    return AddIn(writer, kDay, {Flow(2)});
  }));
  EXPECT_EQ(Flows(), "2 0 flows_20261213");
}

// Readers that are at it read on; those that come see it no more.
TEST_F(SqlitePartsTest, AQueryThatRunsSeesAPartThatGoes) {
  Open();
  ASSERT_TRUE(Do("INSERT INTO sensors (id, name, created_ns) VALUES (1, 'a', 1)"));
  for (std::uint64_t number = 0; number < 50; ++number) Add(kDay, {Flow(number)});
  Add(kDay + base::kNanosPerDay, {Flow(100)});
  std::int64_t seen = 0;
  ASSERT_TRUE(catalog_->Query("SELECT f.number FROM flows f ORDER BY f.received_ns, f.id", {},
                              [&](const SqlRow&) {
                                if (seen++ == 0) {
                                  EXPECT_TRUE(catalog_->Write([](SqlWriter& writer) {
                                    return writer.DropPart({"flows_20261213", "flows", 0, 0});
                                  }));
                                }
                                return true;
                              }));
  EXPECT_EQ(seen, 51);
  EXPECT_EQ(Rows("SELECT f.number FROM flows f ORDER BY f.received_ns, f.id"), "100");
}

// Its room is there a moment later, for others to use: the file does not grow.
TEST_F(SqlitePartsTest, TheRoomOfADroppedPartComesBack) {
  Open();
  ASSERT_TRUE(Do("INSERT INTO sensors (id, name, created_ns) VALUES (1, 'a', 1)"));
  std::vector<capture::FlowRecord> flows;
  for (std::uint64_t number = 0; number < 20'000; ++number) flows.push_back(Flow(number));
  Add(kDay, flows);
  Add(kDay + base::kNanosPerDay, {Flow(100'000)});
  const auto pages = [this](const char* what) {
    return std::stoll(Rows(std::string("PRAGMA ") + what));
  };
  const auto log = [this] {
    return static_cast<long long>(std::filesystem::file_size(path_ + "-wal"));
  };
  const long long before = pages("page_count");
  const long long log_before = log();
  Drop("flows_20261213");
  EXPECT_LT(pages("freelist_count"), before / 10);
  ASSERT_TRUE(catalog_->MakeTimeParts(0));
  EXPECT_GT(pages("freelist_count"), before / 2);
  EXPECT_LE(pages("page_count"), before);
  EXPECT_LT(log() - log_before, before * 16384 / 4);
  EXPECT_EQ(Rows("SELECT name FROM time_parts WHERE of_table = 'flows' ORDER BY number"),
            "flows_before; flows_20261214");
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM sqlite_master WHERE tbl_name = 'flows_20261213'"), "0");
  EXPECT_EQ(Flows(), "100000 0 flows_20261214");
}

// A clock that was set back: the day comes again before the room of its part is back.
TEST_F(SqlitePartsTest, ADayMayComeAgain) {
  Open();
  ASSERT_TRUE(Do("INSERT INTO sensors (id, name, created_ns) VALUES (1, 'a', 1)"));
  Add(kDay, {Flow(1)});
  Drop("flows_20261213");
  EXPECT_EQ(Flows(), "");
  Add(kDay, {Flow(1), Flow(2)});
  EXPECT_EQ(Flows(), "1 0 flows_20261213_4; 2 0 flows_20261213_4");
  ASSERT_TRUE(catalog_->MakeTimeParts(0));
  EXPECT_EQ(Flows(), "1 0 flows_20261213_4; 2 0 flows_20261213_4");
  Drop("flows_20261213_4");
  Add(kDay, {Flow(1)});
  EXPECT_EQ(Flows(), "1 0 flows_20261213");
}

}  // namespace
}  // namespace tapiary::server::test
