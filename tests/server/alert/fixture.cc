#include "tests/server/alert/fixture.h"

#include "base/clock.h"
#include "base/text.h"
#include "server/ingest/event_fields.h"
#include "server/ingest/item.h"
#include "server/ingest/rows.h"
#include "server/ingest/transaction_rows.h"
#include "tests/support/catalog.h"

namespace tapiary::server::test {

void AlertFixture::SetUp() {
  auto catalog = Catalog::Open(TestCatalog(folder_.path() + "/catalog.db"));
  ASSERT_TRUE(catalog) << catalog.error().message;
  catalog_ = std::move(*catalog);
}

std::int64_t AlertFixture::SensorId(const std::string& name) {
  const std::string find = "SELECT id FROM sensors WHERE name = '" + name + "'";
  if (Value(find).empty()) {
    Execute("INSERT INTO sensors (name, created_ns) VALUES ('" + name + "', 1)");
  }
  return std::stoll(Value(find));
}

std::int64_t AlertFixture::Ingest(const std::string& kind, const capture::RecordBatch& records,
                                  const std::string& sensor) {
  Item item;
  item.sensor_id = SensorId(sensor);
  item.sensor = sensor;
  item.kind = kind;
  item.epoch = 7;
  item.seq = next_seq_++;
  item.digest[0] = static_cast<std::uint8_t>(item.seq);
  std::int64_t received_ns = 0;
  const auto stored =
      StoreItem(*catalog_, item, [&](SqlWriter& writer, const ItemRow& row) -> base::Result<> {
        received_ns = row.received_ns;
        const RowOwner owner{item.sensor_id, sensor, row.received_ns};
        TAPIARY_TRY(FlowRows(owner.sensor_id, records.flows).Add(writer, owner.received_ns));
        return TransactionRows(owner.sensor_id, owner.sensor, records.transactions)
            .Add(writer, owner.received_ns);
      });
  EXPECT_TRUE(stored) << stored.error().message;
  return received_ns;
}

std::int64_t AlertFixture::IngestEvent(const std::string& type, const std::string& user,
                                       const std::string& ip) {
  Item item;
  item.sensor_id = SensorId("plc-1");
  item.sensor = "plc-1";
  item.kind = "events";
  item.epoch = 8;
  item.seq = next_seq_++;
  std::int64_t received_ns = 0;
  const std::string json =
      R"({"eventid":")" + type + R"(","username":")" + user + R"(","src_ip":")" + ip + R"("})";
  const EventFields fields = RecogniseEvent(json);
  const auto stored =
      StoreItem(*catalog_, item, [&](SqlWriter& writer, const ItemRow& row) -> base::Result<> {
        received_ns = row.received_ns;
        const std::vector<SqlValue> values{item.sensor_id,
                                           row.received_ns,
                                           row.received_ns,
                                           type,
                                           AddressValue(fields.source_ip),
                                           user,
                                           json,
                                           EcsJson(fields, row.received_ns)};
        TAPIARY_TRY(
            writer.Execute("INSERT INTO events (sensor_id, time_ns, received_ns, type, "
                           "source_ip, user_name, record, ecs) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                           values));
        return {};
      });
  EXPECT_TRUE(stored) << stored.error().message;
  return received_ns;
}

capture::Transaction AlertFixture::Command(std::uint64_t flow, std::uint32_t number, int host) {
  capture::Transaction one;
  one.time_ns = kNow - kSecond;
  one.flow_id = {7, flow};
  one.number = number;
  one.orig_ip = *capture::ParseIpAddress("192.0.2." + std::to_string(host));
  one.resp_ip = *capture::ParseIpAddress("10.0.0.1");
  one.orig_port = 40000;
  one.resp_port = 502;
  one.protocol = "modbus";
  one.operation = "write_single_register";
  one.code = 6;
  one.command = true;
  one.attack_technique = "T0855";
  return one;
}

capture::FlowRecord AlertFixture::Flow(std::uint64_t flow, std::uint64_t bytes, std::uint32_t part,
                                       int host) {
  capture::FlowRecord one;
  one.id = {7, flow};
  one.part = part;
  one.interface = "eth0";
  one.start_ns = kNow - kSecond;
  one.end_ns = kNow;
  one.proto = 6;
  one.orig.ip = *capture::ParseIpAddress("192.0.2." + std::to_string(host));
  one.orig.port = 40000;
  one.orig.packets = 10;
  one.orig.bytes = bytes;
  one.resp.ip = *capture::ParseIpAddress("10.0.0.1");
  one.resp.port = 502;
  one.service = "modbus";
  return one;
}

std::int64_t AlertFixture::Rule(const std::string& json) {
  const auto rule = ParseRule(json);
  EXPECT_TRUE(rule) << rule.error().message;
  if (!rule) return 0;
  const auto id = CreateRule(*catalog_, *rule, {"tester"}, kNow);
  EXPECT_TRUE(id) << id.error().message;
  return id ? *id : 0;
}

std::int64_t AlertFixture::Judge(std::int64_t now_ns, std::int64_t run) {
  Evaluator evaluator(*catalog_, recipients_, run);
  std::int64_t alerts = 0;
  while (true) {
    const auto report = evaluator.Pass(now_ns);
    EXPECT_TRUE(report) << report.error().message;
    if (!report || report->work == 0) return alerts;
    alerts += report->alerts;
  }
}

std::int64_t AlertFixture::Count(const std::string& table_and_condition) {
  return std::stoll(Value("SELECT count(*) FROM " + table_and_condition));
}

std::string AlertFixture::Value(const std::string& sql) {
  std::string value;
  const auto done = catalog_->Query(sql, {}, [&value](const SqlRow& row) {
    value = row.Text(0);
    return false;
  });
  EXPECT_TRUE(done) << done.error().message;
  return value;
}

void AlertFixture::Execute(const std::string& sql) {
  const auto done = catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute(sql, {}));
    return {};
  });
  EXPECT_TRUE(done) << done.error().message;
}

}  // namespace tapiary::server::test
