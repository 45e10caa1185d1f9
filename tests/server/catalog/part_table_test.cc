#include "server/catalog/part_table.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <random>

#include "base/clock.h"
#include "server/catalog/sqlite.h"
#include "server/catalog/sqlite_parts.h"
#include "tests/server/catalog/random_rows.h"

namespace tapiary::server {
namespace {

// A catalog with flows of five days, and a table `plain` with the same rows.
class PartTableTest : public test::RandomRowsTest {
 protected:
  void SetUp() override {
    OpenWith([this](SqlWriter& writer) -> base::Result<> {
      for (std::int64_t number = 1; number <= kRows; ++number) {
        TAPIARY_TRY(writer.Execute(kInsert, RandomRow(number)));
      }
      TAPIARY_TRY(writer.Execute(
          "CREATE TABLE plain AS SELECT *, id AS id, is_long AS is_long FROM flows", {}));
      return {};
    });
  }
  static constexpr const char* kInsert =
      "INSERT INTO flows (sensor_id, epoch, number, part, stream, interface, start_ns, end_ns, "
      "proto, ether_type, vlan, orig_ip, orig_port, resp_ip, resp_port, orig_packets, orig_bytes, "
      "resp_packets, resp_bytes, community_id, service, transactions, commands, received_ns, "
      "blocks, record) VALUES (?, 7, ?, 0, 0, 'eth0', ?, ?, ?, 2048, ?, ?, 1, ?, ?, 1, 2, 3, 4, "
      "'1:x', ?, 0, 0, ?, '[]', '{}')";

  std::vector<SqlValue> RandomRow(std::int64_t number) {
    const std::int64_t start_ns = AnyTime() - Any(2) * base::kNanosPerDay;
    return {Any(2) + 1,
            number,
            start_ns,
            start_ns + Any(3) * 2'000'000'000,
            Any(2) == 0 ? std::int64_t{6} : 17,
            Any(3) == 0 ? SqlValue(nullptr) : SqlValue(Any(4)),
            AnyAddress(),
            AnyAddress(),
            Any(3) + 500,
            std::string(Any(2) == 0 ? "modbus" : "s7comm"),
            AnyTime()};
  }
  base::Result<std::int64_t> Do(std::string_view sql, const std::vector<SqlValue>& values = {}) {
    std::int64_t changed = 0;
    TAPIARY_TRY(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_ASSIGN(changed, writer.Execute(sql, values));
      return {};
    }));
    return changed;
  }
  std::string AnyComparison(std::vector<SqlValue>* values) {
    static constexpr std::array kOps{"=", "<", "<=", ">", ">=", "<>", "IS", "IN (?, 502, NULL,"};
    static constexpr std::array kColumns{
        "f.sensor_id", "f.number",      "f.start_ns",    "f.end_ns",    "f.proto",
        "f.vlan",      "f.orig_ip",     "f.resp_ip",     "f.resp_port", "f.service",
        "f.epoch",     "f.received_ns", "f.received_ns", "f.is_long",   "f.id"};
    const std::string column = kColumns[static_cast<std::size_t>(Any(kColumns.size()))];
    const std::string op = kOps[static_cast<std::size_t>(Any(kOps.size()))];
    SqlValue value = Any(kRows);
    if (column.ends_with("_ns")) value = AnyTime();
    if (column.ends_with("_ip")) value = AnyAddress();
    if (column.ends_with("service")) value = std::string(Any(2) == 0 ? "modbus" : "1");
    if (column.ends_with("is_long")) {
      return column + (Any(2) == 0 ? " = 0" : " = 1");
    }
    if (column == "f.proto" || column == "f.vlan" || column == "f.epoch") value = Any(18);
    if (column == "f.sensor_id") value = Any(3);
    if (column == "f.resp_port") value = Any(3) + 500;
    if (Any(20) == 0) value = 1.5 * static_cast<double>(Any(400));
    if (Any(20) == 0) value = std::string("502");
    if (Any(30) == 0) value = nullptr;
    values->push_back(value);
    if (!op.starts_with("IN")) return column + " " + op + " ?";
    values->push_back(value);
    return column + " " + op + " ?)";
  }
  std::string AnyCondition(std::vector<SqlValue>* values) {
    std::string out = "TRUE";
    for (std::int64_t i = Any(4); i > 0; --i) {
      const std::string one = AnyComparison(values);
      const std::int64_t kind = Any(8);
      if (kind == 0) {
        out += " AND NOT (" + one + ")";
      } else if (kind == 1) {
        out += " AND (" + one + " OR " + AnyComparison(values) + ")";
      } else {
        out += " AND " + one;
      }
    }
    return out;
  }
};

TEST_F(PartTableTest, RowsLieInThePartsOfTheirDays) {
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM time_parts WHERE of_table = 'flows'"),
            "6\n");  // with that of before
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM flows"), std::to_string(kRows) + "\n");
  EXPECT_EQ(Rows("SELECT COUNT(DISTINCT id) FROM flows"), std::to_string(kRows) + "\n");
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM flows f, time_parts p WHERE p.number = f.id >> 40 AND "
                 "(f.received_ns < p.from_ns OR f.received_ns >= p.to_ns)"),
            "0\n");
  EXPECT_NE(Rows("SELECT COUNT(*) FROM flows_20261214"), "0\n");
}

// Whatever is asked, the answer is that of a plain table.
TEST_F(PartTableTest, AnswersAsAPlainTable) {
  static constexpr std::array kOrders{"f.received_ns DESC, f.id DESC",
                                      "f.received_ns, f.id",
                                      "f.start_ns DESC, f.id DESC",
                                      "f.start_ns, f.id",
                                      "f.received_ns DESC, f.id",
                                      "f.number",
                                      "f.service DESC, f.received_ns, f.number"};
  for (int round = 0; round < 1500; ++round) {
    std::vector<SqlValue> values;
    const std::string where = AnyCondition(&values);
    const std::string order = kOrders[static_cast<std::size_t>(Any(kOrders.size()))];
    const std::string tail = " f WHERE " + where + " ORDER BY " + order +
                             (Any(2) == 0 ? " LIMIT " + std::to_string(Any(30)) : "");
    const std::string columns =
        Any(2) == 0 ? "f.number, f.orig_ip, f.received_ns" : "f.id, f.record, f.service, f.vlan";
    const std::string select = "SELECT " + columns + " FROM ";
    ASSERT_EQ(Rows(select + "flows" + tail, values), Rows(select + "plain" + tail, values))
        << select << tail;
  }
}

TEST_F(PartTableTest, SumsAndJoinsAsAPlainTable) {
  static constexpr std::array kQueries{
      "SELECT f.service, f.proto, COUNT(*), SUM(f.resp_port), COUNT(DISTINCT f.orig_ip) FROM {} f "
      "WHERE {} GROUP BY f.service, f.proto ORDER BY 1, 2",
      "SELECT f.received_ns / 3600000000000, COUNT(*) FROM {} f WHERE {} GROUP BY 1 ORDER BY 1",
      "SELECT f.received_ns, COUNT(*) FROM {} f WHERE {} GROUP BY f.received_ns ORDER BY 1 DESC",
      "SELECT DISTINCT f.start_ns FROM {} f WHERE {} ORDER BY 1",
      "SELECT s.name, f.number FROM {} f CROSS JOIN sensors s WHERE s.id = f.sensor_id AND {} "
      "ORDER BY f.received_ns DESC, f.id DESC LIMIT 20",
      "SELECT g.number, f.number FROM plain g CROSS JOIN {} f WHERE f.received_ns = g.received_ns "
      "AND f.number >= g.number - 20 AND {} ORDER BY g.received_ns, g.id, f.id",
      "SELECT g.number, (SELECT f.service FROM {} f WHERE f.sensor_id = g.sensor_id AND f.epoch = "
      "g.epoch AND f.number = g.number AND {}) FROM plain g ORDER BY g.number",
      "SELECT f.number FROM {} f WHERE (f.sensor_id, f.epoch, f.number) IN (SELECT g.sensor_id, "
      "g.epoch, g.number FROM plain g WHERE g.resp_port = 501) AND {} ORDER BY f.number"};
  const auto filled = [](std::string text, const std::string& table, const std::string& where) {
    text.replace(text.find("{}"), 2, table);
    return text.replace(text.find("{}"), 2, where);
  };
  for (int round = 0; round < 400; ++round) {
    std::vector<SqlValue> values;
    const std::string where = AnyCondition(&values);
    const std::string query = kQueries[static_cast<std::size_t>(Any(kQueries.size()))];
    ASSERT_EQ(Rows(filled(query, "flows", where), values),
              Rows(filled(query, "plain", where), values))
        << filled(query, "flows", where);
  }
}

// The parts' own indexes answer, and only the parts of the time are asked.
TEST_F(PartTableTest, IndexesOfThePartsAreUsed) {
  const auto plan = [this](const std::string& sql, std::size_t values) {
    return test::PlanInPart(*catalog_, sql, std::vector<SqlValue>(values), "flows_before");
  };
  EXPECT_EQ(plan("SELECT f.record FROM flows f WHERE f.sensor_id = ? AND f.epoch = ? AND f.number "
                 "= ?",
                 3),
            "SEARCH flows_before USING INDEX sqlite_autoindex_flows_before_1 (sensor_id=? AND "
            "epoch=? AND number=?)\n");
  EXPECT_EQ(plan("SELECT f.record FROM flows f WHERE (f.sensor_id, f.epoch, f.number) IN (SELECT "
                 "g.sensor_id, g.epoch, g.number FROM plain g)",
                 0),
            "SEARCH flows_before USING INDEX sqlite_autoindex_flows_before_1 (sensor_id=? AND "
            "epoch=? AND number=?)\n");
  EXPECT_EQ(plan("SELECT f.record FROM flow_batches b CROSS JOIN flows f WHERE f.received_ns = "
                 "b.received_ns AND f.number >= ? AND f.number <= ?",
                 2),
            "SEARCH flows_before USING INDEX flows_by_received (received_ns=? AND number>? AND "
            "number<?)\n");
  EXPECT_EQ(plan("SELECT f.record FROM flows f WHERE f.received_ns <= ? ORDER BY f.received_ns "
                 "DESC, f.id DESC LIMIT 3",
                 1),
            "SEARCH flows_before USING INDEX flows_by_received (received_ns<?)\n"
            "USE TEMP B-TREE FOR RIGHT PART OF ORDER BY\n");
  // A list of values would read everything once for each of them.
  EXPECT_EQ(plan("SELECT f.record FROM flows f WHERE f.proto IN (1, 6, 17)", 0),
            "SCAN flows_before\n");
}

TEST_F(PartTableTest, APartIsAskedOnlyForItsOwnTime) {
  ASSERT_TRUE(Do("DROP TABLE flows_20261213"));  // so that reading it fails
  const std::string of = "SELECT COUNT(*) FROM flows f WHERE f.received_ns ";
  const std::string day = std::to_string(kDay + base::kNanosPerDay);
  EXPECT_FALSE(
      catalog_->Query("SELECT COUNT(*) FROM flows", {}, [](const SqlRow&) { return true; }));
  EXPECT_EQ(Rows(of + ">= " + day),
            Rows("SELECT COUNT(*) FROM plain f WHERE f.received_ns >= " + day));
  EXPECT_NE(Rows(of + "> " + day), "0\n");
  // From the newest on, it is not come to.
  EXPECT_NE(Rows("SELECT f.number FROM flows f ORDER BY f.received_ns DESC, f.id DESC LIMIT 20"),
            "");
}

TEST_F(PartTableTest, ChangesGoToTheParts) {
  const std::string all = "SELECT f.number, f.service, f.received_ns, f.vlan FROM ";
  std::mt19937 again = random_;
  for (const char* table : {"flows", "plain"}) {
    random_ = again;
    for (int round = 0; round < 60; ++round) {
      std::vector<SqlValue> values;
      const std::string where = AnyCondition(&values);
      const std::string target = std::string(table) + " AS f";
      const std::string sql =
          round % 3 == 0 ? "DELETE FROM " + target + " WHERE f.number % 7 = 3 AND " + where
          : round % 3 == 1
              ? "UPDATE " + target + " SET service = service || 'x', vlan = f.number WHERE " + where
              // To another day, as a later part of a flow does it.
              : "UPDATE " + target +
                    " SET received_ns = received_ns + 86400000000000 WHERE "
                    "f.number % 5 = 2 AND f.id > 0 AND " +
                    where;
      // Ids of rows that changed their part differ.
      if (sql.find("f.id <") != sql.npos || sql.find("f.id =") != sql.npos ||
          sql.find("f.id IN") != sql.npos || sql.find("f.id IS") != sql.npos ||
          sql.find("f.id >=") != sql.npos) {
        continue;
      }
      const auto done = Do(sql, values);
      ASSERT_TRUE(done) << sql << ": " << done.error().message;
    }
  }
  EXPECT_EQ(Rows(all + "flows f ORDER BY f.number"), Rows(all + "plain f ORDER BY f.number"));
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM flows f, time_parts p WHERE p.number = f.id >> 40 AND "
                 "(f.received_ns < p.from_ns OR f.received_ns >= p.to_ns)"),
            "0\n");
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM flows f, time_parts p LEFT JOIN part_numbers n ON n.part = "
                 "p.name AND n.sensor_id = f.sensor_id AND n.epoch = f.epoch WHERE p.number = "
                 "f.id >> 40 AND (n.part IS NULL OR f.number < n.lowest OR f.number > n.highest)"),
            "0\n");
}

TEST_F(PartTableTest, WhatFailsIsTakenBackAndSaysWhy) {
  const auto doubled = Do(kInsert, RandomRow(1));
  const std::string before = Rows("SELECT COUNT(*), SUM(number) FROM flows");
  const auto same = Do("UPDATE flows SET number = 5, sensor_id = 1, received_ns = 0");
  ASSERT_FALSE(same);
  EXPECT_THAT(same.error().message, testing::HasSubstr("UNIQUE constraint failed"));
  EXPECT_EQ(Rows("SELECT COUNT(*), SUM(number) FROM flows"), before);
  const auto missing = Do("UPDATE flows SET service = NULL WHERE number = 2");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, testing::HasSubstr("NOT NULL constraint failed"));
}

TEST_F(PartTableTest, ALoopWithinALoopOverTheSameTable) {
  const std::string sql =
      "SELECT COUNT(*) FROM {0} f CROSS JOIN {0} g WHERE g.received_ns = f.received_ns AND "
      "g.sensor_id = f.sensor_id";
  const auto over = [&sql](const std::string& table) {
    std::string text = sql;
    for (std::size_t at = 0; (at = text.find("{0}")) != text.npos;) text.replace(at, 3, table);
    return text;
  };
  EXPECT_EQ(Rows(over("flows")), Rows(over("plain")));
}

// The time limit of a query ends the statement within.
TEST_F(PartTableTest, TheTimeLimitHolds) {
  const auto connection = SqliteConnection::Open(folder_.path() + "/c.db");
  ASSERT_TRUE(connection);
  (*connection)->SetDeadline(base::SteadyNow() + 50'000'000);
  const auto done =
      (*connection)
          ->Run(
              "SELECT COUNT(*) FROM flows a, flows b, flows c, flows d WHERE a.number + b.number > "
              "c.number + d.number",
              {}, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, base::ErrorCode::kTimeout);
  (*connection)->SetDeadline(0);
  EXPECT_TRUE((*connection)->Run("SELECT COUNT(*) FROM flows", {}, {}));
}

}  // namespace
}  // namespace tapiary::server
