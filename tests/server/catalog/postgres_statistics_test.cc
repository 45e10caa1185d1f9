#include "server/catalog/postgres_statistics.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/clock.h"
#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"

namespace tapiary::server {
namespace {

TEST(PostgresStatement, InsertsNameTheirTable) {
  EXPECT_EQ(InsertedTable("INSERT INTO events (a, b) VALUES (?, ?)"), "events");
  EXPECT_EQ(InsertedTable("INSERT INTO events(a) VALUES (?)"), "events");
  EXPECT_EQ(InsertedTable("UPDATE events SET a = 1"), "");
  EXPECT_EQ(InsertedTable(""), "");
}

class PostgresStatisticsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::OnPostgres()) GTEST_SKIP() << "runs under postgres_server.sh";
    options_ = test::TestCatalog(folder_.path());
    auto catalog = Catalog::Open(options_);
    ASSERT_TRUE(catalog) << catalog.error().message;
    catalog_ = std::move(*catalog);
    // What is measured is what the collector asks for itself.
    ASSERT_TRUE(Do("ALTER TABLE gaps SET (autovacuum_enabled = off)"));
    ASSERT_TRUE(Do("ALTER TABLE sensors SET (autovacuum_enabled = off)"));
    ASSERT_TRUE(Do("INSERT INTO sensors (id, name, created_ns) VALUES (1, 'a', 1)"));
  }
  base::Result<> Do(std::string_view sql) {
    return catalog_->Write([sql](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute(sql, {}));
      return {};
    });
  }
  base::Result<> AddGaps(int count) {
    return Do(
        "INSERT INTO gaps (sensor_id, epoch, from_ns, to_ns, reason, received_ns, record) "
        "SELECT 1, 1, n, n, '', n, '' FROM generate_series(1, " +
        std::to_string(count) + ") n");
  }
  std::int64_t KnownRows(const std::string& table) {
    std::int64_t rows = 0;
    const std::vector<SqlValue> values{table};
    const auto read =
        catalog_->Query("SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = to_regclass(?)",
                        values, [&rows](const SqlRow& row) {
                          rows = row.Int(0);
                          return true;
                        });
    EXPECT_TRUE(read);
    return rows;
  }
  std::int64_t WaitForRows(const std::string& table, std::int64_t rows) {
    const std::int64_t until = base::SteadyNow() + 20 * base::kNanosPerSecond;
    while (KnownRows(table) != rows && base::SteadyNow() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return KnownRows(table);
  }

  base::TempFolder folder_;
  CatalogOptions options_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(PostgresStatisticsTest, AreMadeWhenATableHasTwiceAsMuch) {
  EXPECT_LT(KnownRows("gaps"), 1);
  ASSERT_TRUE(AddGaps(6000));
  EXPECT_EQ(WaitForRows("gaps", 6000), 6000);
  ASSERT_TRUE(AddGaps(5000));  // less than there are: too little to look again
  ASSERT_TRUE(AddGaps(2000));
  EXPECT_EQ(WaitForRows("gaps", 13000), 13000);
  EXPECT_LT(KnownRows("sensors"), 1);  // one row was written
}

// While another collector is at it, nothing is waited for and nothing is lost.
TEST_F(PostgresStatisticsTest, OneCollectorAtATime) {
  const auto other = PostgresConnection::Open(options_.url, "");
  ASSERT_TRUE(other);
  ASSERT_TRUE((*other)->Script("SELECT pg_advisory_lock(x'7461706961727a'::bigint)"));
  ASSERT_TRUE(AddGaps(6000));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_LT(KnownRows("gaps"), 1);
  ASSERT_TRUE((*other)->Script("SELECT pg_advisory_unlock(x'7461706961727a'::bigint)"));
  EXPECT_EQ(WaitForRows("gaps", 6000), 6000);
}

// A part's first rows: the whole is looked at as well, which autovacuum never does.
TEST_F(PostgresStatisticsTest, OfAPartAndOfTheWhole) {
  auto parts = *catalog_->TimeParts();
  std::erase_if(parts, [](const TimePart& part) { return part.table != "flows"; });
  const std::string part = parts.at(1).name;
  ASSERT_TRUE(Do("ALTER TABLE " + part + " SET (autovacuum_enabled = off)"));
  ASSERT_TRUE(
      Do("INSERT INTO flows (sensor_id, epoch, number, part, stream, interface, start_ns, end_ns, "
         "proto, ether_type, orig_port, resp_port, orig_packets, orig_bytes, resp_packets, "
         "resp_bytes, community_id, service, transactions, commands, received_ns, blocks, record) "
         "SELECT 1, 7, n, 0, 0, '', 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, '', '', 0, 0, (SELECT from_ns "
         "FROM time_parts WHERE name = '" +
         part + "'), '[]', '{}' FROM generate_series(1, 6000) n"));
  PostgresStatistics statistics([this] { return PostgresConnection::Open(options_.url, ""); });
  statistics.Note({{part, 6000}});
  EXPECT_EQ(WaitForRows(part, 6000), 6000);
  EXPECT_EQ(KnownRows("flows"), 6000);
}

// A table that cannot be looked at is only logged; the others are.
TEST_F(PostgresStatisticsTest, FailuresHoldUpNothing) {
  PostgresStatistics statistics([this] { return PostgresConnection::Open(options_.url, ""); });
  statistics.Note({{"absent; no table", 100'000}, {"gaps", 100'000}});
  EXPECT_EQ(WaitForRows("gaps", 0), 0);
}

}  // namespace
}  // namespace tapiary::server
