#include "server/catalog/parted_table.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "server/query/event_lookup.h"
#include "tests/server/catalog/random_rows.h"

namespace tapiary::server {
namespace {

using testing::HasSubstr;
using testing::Not;

// Transactions and events of five days, and tables with the same rows that are in no parts.
class PartedTableTest : public test::RandomRowsTest {
 protected:
  void SetUp() override {
    OpenWith([this](SqlWriter& writer) { return Fill(writer); });
  }
  base::Result<> Fill(SqlWriter& writer) {
    for (std::int64_t i = 0; i < kRows; ++i) {
      const std::vector<SqlValue> transaction{Any(2) + 1, Any(20), i,      AnyTime(),
                                              Any(2),     Any(3),  Any(3), AnyTime()};
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO transactions (sensor_id, epoch, flow_number, number, time_ns, protocol, "
          "operation, code, unit, status, command, technique, orig_port, resp_port, "
          "community_id, received_ns, record) VALUES (?1, 7, ?2, ?3, ?4, 'modbus', '', ?6, ?7, "
          "'ok', ?5, '', 1, 502, '', ?8, '{}')",
          transaction));
      const std::vector<SqlValue> event{Any(2) + 1, AnyTime(), AnyTime(), AnyAddress(),
                                        std::string(Any(2) == 0 ? "s" : "t")};
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO events (sensor_id, time_ns, received_ns, type, source_ip, session, record) "
          "VALUES (?, ?, ?, '', ?, ?, '{}')",
          event));
    }
    // So that there are more runs than one in a part.
    TAPIARY_TRY(writer.Execute("UPDATE events_20261214 SET id = id * 700", {}));
    TAPIARY_TRY(
        writer.Execute("CREATE TABLE plain_transactions AS SELECT *, id FROM transactions", {}));
    TAPIARY_TRY(
        writer.Execute("CREATE TABLE plain_events AS SELECT *, id, run AS run FROM events", {}));
    return {};
  }
  std::int64_t AnyId() {
    const std::int64_t part = Any(kDays + 4);
    return (part << kPartIdBits) + Any(3) * 4096 + Any(90) * (part == 4 ? 700 : 1);
  }
  SqlValue ValueFor(const std::string& column) {
    if (Any(30) == 0) return nullptr;
    if (column.ends_with("_ns")) return AnyTime();
    if (column.ends_with("_ip")) return AnyAddress();
    if (column.ends_with(".id")) return AnyId();
    if (column.ends_with(".run")) return AnyId() >> kRunBits;
    if (column.ends_with("session")) return std::string(Any(2) == 0 ? "s" : "t");
    if (column.ends_with(".number")) return Any(kRows);
    if (column.ends_with("epoch")) return Any(2) + 6;
    return Any(column.ends_with("flow_number") ? 20 : 3);
  }
  std::string AnyCondition(std::span<const std::string_view> columns,
                           std::vector<SqlValue>* values) {
    static constexpr std::array kOps{"=", "=", "<", "<=", ">", ">=", "<>", "IN (?, 1, NULL,"};
    std::string out = "TRUE";
    for (std::int64_t i = Any(5); i > 0; --i) {
      const std::string column(columns[static_cast<std::size_t>(Any(std::ssize(columns)))]);
      if (column.ends_with("command") && Any(3) > 0) {
        out += " AND " + column + (Any(2) == 0 ? " = 0" : " = 1");
        continue;
      }
      const std::string op = kOps[static_cast<std::size_t>(Any(kOps.size()))];
      const bool list = op.starts_with("IN");
      const SqlValue value = ValueFor(column);
      values->push_back(value);
      if (list) values->push_back(ValueFor(column));
      out += " AND " + column + " " + op + " ?" + (list ? ")" : "");
    }
    return out;
  }
  void Compare(const std::string& table, std::span<const std::string_view> columns) {
    static constexpr std::array kOrders{"x.received_ns DESC, x.id DESC",
                                        "x.received_ns, x.id",
                                        "x.time_ns DESC, x.id DESC",
                                        "x.time_ns, x.id",
                                        "x.id",
                                        "x.id DESC"};
    for (int round = 0; round < 600; ++round) {
      std::vector<SqlValue> values;
      const std::string rest = " x WHERE " + AnyCondition(columns, &values) + " ORDER BY " +
                               kOrders[static_cast<std::size_t>(Any(kOrders.size()))] +
                               (Any(2) == 0 ? " LIMIT 7" : "");
      const std::string select = "SELECT x.id, x.sensor_id, x.received_ns, x.time_ns FROM ";
      ASSERT_EQ(Rows(select + table + rest, values), Rows(select + "plain_" + table + rest, values))
          << table << rest;
    }
  }
  std::string PlanOf(const std::string& sql, const std::vector<SqlValue>& values,
                     const std::string& part) {
    return test::PlanInPart(*catalog_, sql, values, part);
  }
};

TEST_F(PartedTableTest, TransactionsAnswerAsAPlainTable) {
  static constexpr std::array<std::string_view, 10> kColumns{
      "x.sensor_id", "x.epoch",   "x.flow_number", "x.number",      "x.time_ns",
      "x.code",      "x.command", "x.command",     "x.received_ns", "x.id"};
  Compare("transactions", kColumns);
}

TEST_F(PartedTableTest, EventsAnswerAsAPlainTable) {
  static constexpr std::array<std::string_view, 8> kColumns{
      "x.sensor_id", "x.time_ns", "x.received_ns", "x.source_ip",
      "x.session",   "x.run",     "x.id",          "x.id"};
  Compare("events", kColumns);
}

TEST_F(PartedTableTest, AnIdNamesOneRow) {
  EXPECT_EQ(Rows("SELECT COUNT(*), COUNT(DISTINCT id) FROM events"), "400|400\n");
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM plain_events p WHERE (SELECT COUNT(*) FROM events e WHERE "
                 "e.id = p.id AND e.received_ns = p.received_ns) <> 1"),
            "0\n");
  EXPECT_EQ(Rows("SELECT MAX(id), MIN(id) FROM events"),
            Rows("SELECT MAX(id), MIN(id) FROM plain_events"));
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM events WHERE run <> id / 4096"), "0\n");
}

// By their runs, of which there is none where no event is.
TEST_F(PartedTableTest, RunsHaveAllEvents) {
  EXPECT_EQ(Rows("SELECT number FROM event_runs WHERE number IS NOT NULL ORDER BY 1"),
            Rows("SELECT DISTINCT id / 4096 FROM plain_events ORDER BY 1"));
  const std::string found = Rows("SELECT e.id FROM " + std::string(kEventsByRun) + " WHERE " +
                                 std::string(kIsInRun) + " AND e.source_ip IS NOT NULL ORDER BY 1");
  EXPECT_EQ(found, Rows("SELECT id FROM plain_events WHERE source_ip IS NOT NULL ORDER BY 1"));
}

TEST_F(PartedTableTest, IndexesOfThePartsAreUsed) {
  const std::string commands =
      "SELECT t.record FROM transactions t WHERE t.received_ns >= ? AND t.command = 1 ORDER BY "
      "t.received_ns DESC, t.id DESC LIMIT 100";
  EXPECT_THAT(PlanOf(commands, {kDay}, "transactions_20261213"),
              HasSubstr("transactions_20261213_commands_by_received"));
  const std::string by_time =
      "SELECT t.record FROM transactions t WHERE t.time_ns >= ? ORDER BY t.time_ns, t.id LIMIT 9";
  const std::string plan = PlanOf(by_time, {kDay}, "transactions_20261213");
  EXPECT_THAT(plan, HasSubstr("transactions_20261213_by_time"));
  EXPECT_THAT(plan, Not(HasSubstr("TEMP B-TREE")));
  EXPECT_THAT(PlanOf("SELECT 1 FROM flows f WHERE EXISTS (SELECT 1 FROM transactions t WHERE "
                     "t.sensor_id = f.sensor_id AND t.epoch = f.epoch AND t.flow_number = "
                     "f.number)",
                     {}, "transactions_20261213"),
              HasSubstr("(sensor_id=? AND epoch=? AND flow_number=?)"));
  const std::string part = "events_20261213";
  EXPECT_THAT(PlanOf("SELECT e.record FROM events e WHERE e.id = ?", {AnyId()}, part),
              HasSubstr("INTEGER PRIMARY KEY (rowid=?)"));
  EXPECT_THAT(PlanOf("SELECT e.record FROM events e WHERE e.sensor_id = ? AND e.session = ? AND "
                     "e.time_ns >= ? ORDER BY e.time_ns",
                     {kDay, kDay, kDay}, part),
              HasSubstr("_by_session (sensor_id=? AND session=? AND time_ns>?)"));
  EXPECT_THAT(PlanOf("SELECT e.record FROM event_runs b CROSS JOIN events e WHERE e.run = "
                     "b.number AND e.source_ip = ?",
                     {AnyAddress()}, part),
              HasSubstr("_by_source (<expr>=? AND source_ip=?)"));
}

}  // namespace
}  // namespace tapiary::server
