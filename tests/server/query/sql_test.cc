// The conditions run on the catalog, SQLite or PostgreSQL.
#include "server/query/sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <regex>

#include "server/query/field.h"
#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"
#include "tests/support/part_plans.h"

namespace tapiary::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kRows = R"sql(
INSERT INTO sensors VALUES (1, 'plant-a', 0, NULL, NULL), (2, 'plant-b', 0, NULL, NULL);
-- 1: modbus with commands; 2: ssh, inside a VLAN; 3: GOOSE, no addresses; 4: IPv6 UDP, no service
INSERT INTO flows (id, sensor_id, epoch, number, part, stream, interface, start_ns, end_ns, proto,
  ether_type, vlan, orig_ip, orig_port, resp_ip, resp_port, orig_packets, orig_bytes, resp_packets,
  resp_bytes, community_id, service, transactions, commands, received_ns, blocks, record) VALUES
 (1, 1, 255, 16, 0, 0, 'eth0', 1000, 2000, 6, 0, NULL,
  X'00000000000000000000FFFF0A000005', 40000, X'00000000000000000000FFFF0A000001', 502,
  10, 1000, 8, 900, '1:abc=', 'modbus', 2, 1, 5000, '[]',
  '{"orig":{"mac":"00:00:00:00:00:05"},"resp":{"mac":"00:00:00:00:00:01"},"vlan":[],"anomalies":{"gap":2},
    "duplicates":0,"labels":{},"noise":null}'),
 (2, 1, 255, 17, 0, 0, 'eth0', 3000, 4000, 6, 0, 10,
  X'00000000000000000000FFFFC0A80101', 502, X'00000000000000000000FFFF0A000001', 22,
  1, 2000000, 1, 60, '1:def=', 'ssh', 0, 0, 6000, '[]',
  '{"orig":{"mac":null},"resp":{"mac":null},"vlan":[10,20],"anomalies":{},
    "duplicates":3,"labels":{"ssh.client":"SSH-2.0-Go","tls.sni":"a.example"},"noise":"shodan"}'),
 (3, 2, 256, 1, 0, 0, 'eth1', 3500, 3600, 0, 35000, NULL,
  NULL, 0, NULL, 0, 4, 400, 0, 0, '', 'goose', 0, 0, 6000, '[]',
  '{"orig":{"mac":"00:00:00:00:00:07"},"resp":{"mac":"01:0c:cd:01:00:01"},"vlan":[],"anomalies":{}}'),
 (4, 2, 256, 2, 0, 0, '', 9000, 9000, 17, 0, NULL,
  X'20010DB8000000000000000000000001', 5353, X'20010DB8000000000000000000000002', 502,
  1, 100, 0, 0, '1:ghi=', '', 0, 0, 9500, '[]',
  '{"orig":{"mac":null},"resp":{"mac":null},"vlan":[],"anomalies":{}}');
-- 3 belongs to a flow that has not arrived yet
INSERT INTO transactions (id, sensor_id, epoch, flow_number, number, time_ns, protocol, operation, code,
  unit, address, quantity, status, command, technique, orig_ip, orig_port, resp_ip, resp_port,
  community_id, received_ns, record) VALUES
 (1, 1, 255, 16, 0, 1100, 'modbus', 'read_holding_registers', 3, 1, 100, 2, 'ok', 0, '',
  X'00000000000000000000FFFF0A000005', 40000, X'00000000000000000000FFFF0A000001', 502, '1:abc=', 5000,
  '{"values":[7,8],"anomalies":[],"exception":null}'),
 (2, 1, 255, 16, 1, 1200, 'modbus', 'write_single_register', 6, 1, 40, 1, 'exception', 1, 'T0855',
  X'00000000000000000000FFFF0A000005', 40000, X'00000000000000000000FFFF0A000001', 502, '1:abc=', 5000,
  '{"values":[1234],"anomalies":["late"],"exception":2}'),
 (3, 1, 255, 99, 0, 1300, 'modbus', 'write_single_coil', 5, 2, 1, 1, 'ok', 1, 'T0855',
  X'00000000000000000000FFFF0A000009', 40001, X'00000000000000000000FFFF0A000001', 502, '1:xyz=', 5000,
  '{"values":[1],"anomalies":[],"exception":null}');
INSERT INTO events (id, sensor_id, time_ns, received_ns, type, source_ip, source_port, destination_ip,
  destination_port, user_name, password, session, record, ecs) VALUES
 (1, 1, 1500, 7000, 'login', X'00000000000000000000FFFF0A000005', 40002,
  X'00000000000000000000FFFF0A000001', 22, 'root', '100%', 's1', '{"a":1}',
  '{"event.action":"login","event.dataset":"cowrie","process.command_line":"id"}'),
 (2, 1, 1600, 7000, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"note":"x_y \\x00"}', NULL);
)sql";

class FilterSql : public testing::Test {
 protected:
  void SetUp() override {
    catalog_ = std::move(*Catalog::Open(test::TestCatalog(folder_.path() + "/c.db")));
    std::string rows = kRows;
    if (test::OnPostgres()) rows = std::regex_replace(rows, std::regex("X'"), "'\\x");
    const auto written = catalog_->Write([&rows](SqlWriter& writer) -> base::Result<> {
      for (std::size_t at = 0; at < rows.size();) {
        const std::size_t end = rows.find(";\n", at);
        TAPIARY_TRY(writer.Execute(std::string_view(rows).substr(at, end - at), {}));
        at = end + 2;
      }
      return {};
    });
    ASSERT_TRUE(written) << written.error().message;
  }

  std::vector<std::int64_t> Ids(FilterTable table, std::string_view text) {
    FilterError error;
    const auto filter = Filter::Parse(text, &error);
    EXPECT_TRUE(filter) << error.ToString();
    if (!filter) return {};
    const SqlCondition condition = ToSql(*filter, table);
    const char* from[] = {"flows f JOIN sensors s ON s.id = f.sensor_id",
                          "transactions t JOIN sensors s ON s.id = t.sensor_id",
                          "events e JOIN sensors s ON s.id = e.sensor_id"};
    const char* alias[] = {"f", "t", "e"};
    const auto index = static_cast<std::size_t>(table);
    // Without the upper bits, which name the part.
    const std::string sql = std::string("SELECT ") + alias[index] + ".id & 4294967295, " +
                            condition.text + " IS NULL FROM " + from[index] + " WHERE " +
                            condition.text + " OR " + condition.text + " IS NULL ORDER BY 1";
    return Run(sql, condition.params);
  }
  std::vector<std::int64_t> Flows(std::string_view text) { return Ids(FilterTable::kFlows, text); }
  std::vector<std::int64_t> Transactions(std::string_view text) {
    return Ids(FilterTable::kTransactions, text);
  }
  std::vector<std::int64_t> Events(std::string_view text) {
    return Ids(FilterTable::kEvents, text);
  }

  std::unique_ptr<Catalog> catalog_;

 private:
  std::vector<std::int64_t> Run(const std::string& sql, const std::vector<SqlValue>& params) {
    std::vector<SqlValue> all;
    for (int copy = 0; copy < 3; ++copy) all.insert(all.end(), params.begin(), params.end());
    std::vector<std::int64_t> ids;
    const auto read = catalog_->Query(sql, all, [&ids](const SqlRow& row) {
      EXPECT_EQ(row.Int(1), 0) << "NULL for row " << row.Int(0);
      ids.push_back(row.Int(0));
      return true;
    });
    EXPECT_TRUE(read) << read.error().message << "\n" << sql;
    return ids;
  }

  base::TempFolder folder_;
};

TEST_F(FilterSql, Addresses) {
  EXPECT_THAT(Flows(""), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Flows("ip.addr == 10.0.0.0/8"), ElementsAre(1, 2));
  EXPECT_THAT(Flows("ip.addr == 10.0.0.5"), ElementsAre(1));
  EXPECT_THAT(Flows("ip.src == 10.0.0.1"), IsEmpty());
  EXPECT_THAT(Flows("ip.dst == 10.0.0.1"), ElementsAre(1, 2));
  EXPECT_THAT(Flows("ip.addr == 2001:db8::/32"), ElementsAre(4));
  EXPECT_THAT(Flows("ip.addr in {10.0.0.4..10.0.0.6, 192.168.0.0/16}"), ElementsAre(1, 2));
  EXPECT_THAT(Flows("ip"), ElementsAre(1, 2));
  EXPECT_THAT(Flows("ipv6"), ElementsAre(4));
  EXPECT_THAT(Events("ip.addr == 10.0.0.5"), ElementsAre(1));
}

// As Wireshark 4: != needs a value and all of them differ; !(==) is everything else.
TEST_F(FilterSql, NotEqualMeansAllDiffer) {
  EXPECT_THAT(Flows("ip.addr != 10.0.0.1"), ElementsAre(4));
  EXPECT_THAT(Flows("!(ip.addr == 10.0.0.1)"), ElementsAre(3, 4));
  EXPECT_THAT(Flows("tcp.port != 22"), ElementsAre(1));
  EXPECT_THAT(Flows("vlan.id != 10"), IsEmpty());
  EXPECT_THAT(Flows("!(vlan.id == 10)"), ElementsAre(1, 3, 4));
  EXPECT_THAT(Events("event.user != \"root\""), IsEmpty());
  EXPECT_THAT(Flows("modbus.func_code != 3"), IsEmpty());
  EXPECT_THAT(Transactions("modbus.func_code != 3"), ElementsAre(2, 3));
}

TEST_F(FilterSql, PortsBelongToTheirTransport) {
  EXPECT_THAT(Flows("tcp.port == 502"), ElementsAre(1, 2));
  EXPECT_THAT(Flows("udp.port == 502"), ElementsAre(4));
  EXPECT_THAT(Flows("tcp.dstport == 502"), ElementsAre(1));
  EXPECT_THAT(Flows("tcp.srcport in {500..510}"), ElementsAre(2));
  EXPECT_THAT(Transactions("tcp.port == 502"), ElementsAre(1, 2, 3));
  EXPECT_THAT(Transactions("udp.port == 502"), ElementsAre(3));
}

TEST_F(FilterSql, FlowsKnowTheirTransactions) {
  EXPECT_THAT(Flows("modbus.func_code in {5,6,15,16}"), ElementsAre(1));
  EXPECT_THAT(Flows("ot.value == 1234 && ot.status == exception"), ElementsAre(1));
  EXPECT_THAT(Flows("command"), ElementsAre(1));
  EXPECT_THAT(Flows("!command"), ElementsAre(2, 3, 4));
  EXPECT_THAT(Flows("modbus.reference_num >= 100"), ElementsAre(1));
  EXPECT_THAT(Transactions("command"), ElementsAre(2, 3));
  EXPECT_THAT(Transactions("ot.exception"), ElementsAre(2));
  EXPECT_THAT(Transactions("ot.value > 8"), ElementsAre(2));
  EXPECT_THAT(Transactions("flow.bytes > 1k"), ElementsAre(1, 2));
  EXPECT_THAT(Transactions("anomaly == late"), ElementsAre(2));
}

TEST_F(FilterSql, TimesOfAFlowAreASpan) {
  const auto at = [](int ns) {
    return "\"1970-01-01T00:00:00.00000" + std::to_string(ns) + "Z\"";  // ns: four digits
  };
  EXPECT_THAT(Flows("frame.time >= " + at(3550)), ElementsAre(2, 3, 4));
  EXPECT_THAT(Flows("frame.time <= " + at(1500)), ElementsAre(1));
  EXPECT_THAT(Flows("frame.time == " + at(3550)), ElementsAre(2, 3));
  EXPECT_THAT(Flows("frame.time != " + at(3550)), ElementsAre(1, 4));
  EXPECT_THAT(Transactions("frame.time > " + at(1200)), ElementsAre(3));
  EXPECT_THAT(Events("received > " + at(6999)), ElementsAre(1, 2));
}

TEST_F(FilterSql, TheRest) {
  EXPECT_THAT(Flows("sensor == \"plant-a\""), ElementsAre(1, 2));
  EXPECT_THAT(Flows("!(sensor == \"plant-a\")"), ElementsAre(3, 4));
  EXPECT_THAT(Flows("service == \"\""), ElementsAre(4));
  EXPECT_THAT(Flows("service != modbus"), ElementsAre(2, 3, 4));
  EXPECT_THAT(Flows("service"), ElementsAre(1, 2, 3));
  EXPECT_THAT(Flows("not interface"), ElementsAre(4));
  EXPECT_THAT(Flows("interface != eth0"), ElementsAre(3, 4));
  EXPECT_THAT(Flows("community_id"), ElementsAre(1, 2, 4));
  EXPECT_THAT(Events("not event.type"), ElementsAre(2));
  EXPECT_THAT(Flows("flow.bytes > 1M"), ElementsAre(2));
  EXPECT_THAT(Flows("flow.packets >= 4 && flow.packets <= 18"), ElementsAre(1, 3));
  EXPECT_THAT(Flows("vlan.id == 20"), ElementsAre(2));
  EXPECT_THAT(Flows("eth.type == 0x88b8"), ElementsAre(3));
  EXPECT_THAT(Flows("eth.addr == 01-0C-CD-01-00-01"), ElementsAre(3));
  EXPECT_THAT(Flows("community_id == \"1:def=\""), ElementsAre(2));
  EXPECT_THAT(Flows("flow.id == ff.10"), ElementsAre(1));
  EXPECT_THAT(Flows("flow.id == plant-b.ff.10"), IsEmpty());
  EXPECT_THAT(Flows("flow.id in {plant-a.ff.11, 100.1}"), ElementsAre(2, 3));
  EXPECT_THAT(Flows("flow.id != plant-a.ff.11"), ElementsAre(1, 3, 4));
  EXPECT_THAT(Flows("!(flow.id == nowhere.ff.10)"), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Flows("flow.duration >= 1000ms"), IsEmpty());
  EXPECT_THAT(Flows("anomaly == gap"), ElementsAre(1));
  EXPECT_THAT(Flows("event.user == root"), IsEmpty());
  EXPECT_THAT(Flows("!(event.user == root)"), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Flows("vlan.id"), ElementsAre(2));
  EXPECT_THAT(Flows("tcp && !ssh || goose"), ElementsAre(1, 3));
}

TEST_F(FilterSql, NoiseLabelsAndDuplicates) {
  EXPECT_THAT(Flows("noise == \"shodan\""), ElementsAre(2));
  EXPECT_THAT(Flows("noise"), ElementsAre(2));
  EXPECT_THAT(Flows("!noise"), ElementsAre(1, 3, 4));  // null, and records of older sensors
  EXPECT_THAT(Flows("noise != shodan"), IsEmpty());    // a field that is not there
  EXPECT_THAT(Flows("ssh.client contains Go"), ElementsAre(2));
  EXPECT_THAT(Flows("tls.sni in {b.example, a.example}"), ElementsAre(2));
  EXPECT_THAT(Flows("tls.handshake.extensions_server_name"), ElementsAre(2));
  EXPECT_THAT(Flows("http.host"), IsEmpty());
  EXPECT_THAT(Flows("duplicates > 0"), ElementsAre(2));
  EXPECT_THAT(Flows("duplicates == 0"), ElementsAre(1, 3, 4));  // records leave out what is 0
  EXPECT_THAT(Ids(FilterTable::kTransactions, "duplicates == 0 && !noise"), ElementsAre(1, 2));
  EXPECT_THAT(Ids(FilterTable::kTransactions, "!noise"), ElementsAre(1, 2, 3));
}

TEST_F(FilterSql, RegularExpressions) {
  EXPECT_THAT(Flows(R"(service matches r"^(modbus|ssh)$")"), ElementsAre(1, 2));
  EXPECT_THAT(Flows("service ~ MOD"), ElementsAre(1));
  EXPECT_THAT(Flows("service ~ \"(?-i)MOD\""), IsEmpty());
  EXPECT_THAT(Flows("!(service ~ \"o\")"), ElementsAre(2, 4));
  EXPECT_THAT(Flows("sensor ~ \"-b$\" && service ~ \"^$\""), ElementsAre(4));
  EXPECT_THAT(Flows("ot.operation ~ \"^write\""), ElementsAre(1));
  EXPECT_THAT(Flows("ot.operation ~ \"^write\" || tls.sni ~ example"), ElementsAre(1, 2));
  EXPECT_THAT(Flows("anomaly ~ \"^g.p$\""), ElementsAre(1));
  EXPECT_THAT(Flows("noise ~ shodan"), ElementsAre(2));
  EXPECT_THAT(Transactions("ot.operation ~ \"coil|read\""), ElementsAre(1, 3));
  EXPECT_THAT(Transactions("anomaly ~ LATE"), ElementsAre(2));
  EXPECT_THAT(Events(R"(event.password ~ r"^\d+%$")"), ElementsAre(1));
  EXPECT_THAT(Events(R"(event.text ~ r"x_y .*00")"), ElementsAre(2));
  EXPECT_THAT(Flows("event.user ~ root"), IsEmpty());
}

TEST_F(FilterSql, BitsOfNumbers) {
  EXPECT_THAT(Flows("tcp.port & 1"), IsEmpty());
  EXPECT_THAT(Flows("tcp.port & 2"), ElementsAre(1, 2));  // 502 and 22
  EXPECT_THAT(Flows("tcp.port & 0xff == 22"), ElementsAre(2));
  EXPECT_THAT(Flows("tcp.port & 0xff in {60..70}"), ElementsAre(1));  // 40000 is 0x9c40
  EXPECT_THAT(Flows("tcp.port & 0xff != 22"), ElementsAre(1));
  EXPECT_THAT(Flows("ot.value & 0x400"), ElementsAre(1));  // 1234
  EXPECT_THAT(Transactions("ot.value & 1"), ElementsAre(1, 3));
  EXPECT_THAT(Transactions("ot.value & 0x0f > 7"), ElementsAre(1));
  EXPECT_THAT(Transactions("!(ot.exception & 2)"), ElementsAre(1, 3));
}

TEST_F(FilterSql, NumbersThatHaveNoBits) {
  const auto written = catalog_->Write([](SqlWriter& writer) {
    return writer.Execute(
                     "UPDATE transactions SET record = "
                     "'{\"values\":[3.5,1e30,-1e300,\"7\",null,[1],4]}' "
                     "WHERE flow_number = 16 AND number = 0",
                     {})
                   .has_value()
               ? base::Result<>()
               : base::MakeError(base::ErrorCode::kInternal, "update");
  });
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_THAT(Transactions("ot.value & 3"), ElementsAre(2, 3));
  EXPECT_THAT(Transactions("ot.value & 4"), ElementsAre(1));
  EXPECT_THAT(Transactions("ot.value > 1"), ElementsAre(1, 2));
}

TEST_F(FilterSql, CO09_WildcardsAreLiteral) {
  EXPECT_THAT(Events("event.action == login && event.dataset == cowrie"), ElementsAre(1));
  EXPECT_THAT(Events("process.command_line == \"id\""), ElementsAre(1));
  EXPECT_THAT(Events("event.url"), IsEmpty());
  EXPECT_THAT(Events("event.action != login"), IsEmpty());
  EXPECT_THAT(Events("event.password contains \"%\""), ElementsAre(1));
  EXPECT_THAT(Events("event.password contains \"1%0\""), IsEmpty());
  EXPECT_THAT(Events("event.text contains \"x_y\""), ElementsAre(2));
  EXPECT_THAT(Events("event.text contains \"xzy\""), IsEmpty());
  EXPECT_THAT(Flows("service contains \"_\""), IsEmpty());
  EXPECT_THAT(Flows("service contains \"odb\""), ElementsAre(1));
}

TEST_F(FilterSql, CO09_HostileTextNeverReachesTheSql) {
  for (const std::string text :
       {"' OR 1=1 --", "x'); DROP TABLE flows; --", "\\x27 OR 1", "?1", ":a"}) {
    const std::string filter = "service == \"" + text + "\" || sensor contains \"" + text + "\"";
    EXPECT_THAT(Flows(filter), IsEmpty()) << filter;
    const SqlCondition condition = ToSql(*Filter::Parse(filter), FilterTable::kFlows);
    EXPECT_EQ(condition.text.find("DROP"), std::string::npos);
    EXPECT_EQ(condition.text.find('\''), std::string::npos);
    EXPECT_EQ(std::count(condition.text.begin(), condition.text.end(), '?'), 2);
  }
  EXPECT_THAT(Flows(""), ElementsAre(1, 2, 3, 4));  // the table is still there
}

TEST_F(FilterSql, EveryFieldAndOperatorRunsOnEveryTable) {
  const char* values[] = {"true",       "10.0.0.0/8", "00:00:00:00:00:05", "5", "1k", "1s",
                          "2026-11-01", "\"x\"",      "plant-a.ff.10"};
  for (const FilterField& field : FilterFields()) {
    const std::string name(field.name);
    const std::string value = values[static_cast<std::size_t>(field.type)];
    for (const char* op : {"==", "!=", "<", "<=", ">", ">=", "contains", "matches", "in", "&"}) {
      const std::string operand = std::string(op) == "in" ? "{" + value + "}" : value;
      const std::string text = name + " " + op + " " + operand;
      if (!Filter::Parse(text)) continue;  // not an operator of this type
      for (const auto table :
           {FilterTable::kFlows, FilterTable::kTransactions, FilterTable::kEvents}) {
        const auto yes = Ids(table, text);
        const auto no = Ids(table, "!(" + text + ")");
        EXPECT_EQ(yes.size() + no.size(), Ids(table, "").size()) << text;
      }
    }
  }
}

TEST_F(FilterSql, DeepestAndWidestFiltersRun) {
  std::string wide = "ip.addr == 10.0.0.1";
  for (std::size_t i = 1; i < 150; ++i) wide += " || ip.addr == 10.0.0.1";
  EXPECT_THAT(Flows(wide), ElementsAre(1, 2));
  const std::string deep = std::string(31, '!') + "tcp";
  EXPECT_THAT(Flows(deep), ElementsAre(3, 4));
}

// One flow of many millions: a scan would end at the time limit.
TEST_F(FilterSql, AFlowIdIsFoundByItsKey) {
  if (test::OnPostgres()) GTEST_SKIP() << "SQLite's words";
  for (const char* const text : {"flow.id == plant-a.ff.10", "flow.id == ff.10"}) {
    FilterError error;
    const auto filter = Filter::Parse(text, &error);
    ASSERT_TRUE(filter);
    const SqlCondition where = ToSql(*filter, FilterTable::kFlows);
    const std::string plan = test::PlanInPart(
        *catalog_,
        "SELECT f.record FROM flows f CROSS JOIN sensors s WHERE s.id = f.sensor_id AND "
        "f.received_ns >= 0 AND " +
            where.text + " ORDER BY f.received_ns DESC, f.id DESC LIMIT 100",
        where.params, "flows_before");
    EXPECT_THAT(plan, testing::HasSubstr("SEARCH flows_before USING INDEX "
                                         "sqlite_autoindex_flows_before_1 (sensor_id=? AND "
                                         "epoch=? AND number=?)"));
  }
}

}  // namespace
}  // namespace tapiary::server
