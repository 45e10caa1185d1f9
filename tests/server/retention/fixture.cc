#include "tests/server/retention/fixture.h"

#include <map>
#include <tuple>

#include "server/ingest/rows.h"
#include "server/ingest/transaction_rows.h"
#include "tests/support/catalog.h"

namespace tapiary::server::test {

void RetentionFixture::SetUp() {
  catalog_ = std::move(*Catalog::Open(TestCatalog(folder_.path() + "/catalog.db")));
  vault_ = std::move(*OpenFileVault(folder_.path() + "/vault"));
}

std::int64_t RetentionFixture::Sensor(const std::string& name) {
  Execute("INSERT INTO sensors (name, created_ns) VALUES (?, 1)", {name});
  return Number("SELECT id FROM sensors WHERE name = '" + name + "'");
}

std::int64_t RetentionFixture::Item(SqlWriter& writer, std::int64_t sensor, const char* kind,
                                    std::int64_t received_ns) {
  std::int64_t id = 0;
  const std::vector<SqlValue> values{sensor, std::string(kind), static_cast<std::int64_t>(next_++),
                                     std::vector<std::uint8_t>{1}, received_ns};
  EXPECT_TRUE(
      writer.Query("INSERT INTO items (sensor_id, kind, epoch, seq, digest, bytes, received_ns) "
                   "VALUES (?, ?, 1, ?, ?, 1, ?) RETURNING id",
                   values, [&id](const SqlRow& row) {
                     id = row.Int(0);
                     return true;
                   }));
  return id;
}

void RetentionFixture::AddPackets(std::int64_t sensor, std::int64_t received_ns,
                                  std::size_t bytes) {
  auto object = vault_->Create("x");
  ASSERT_TRUE(object);
  const std::vector<std::uint8_t> content(bytes, 7);
  ASSERT_TRUE((*object)->Append(content));
  SegmentRow segment;
  segment.object = *(*object)->Commit();
  segment.epoch = 1;
  segment.first_block = next_;
  segment.block_count = 1;
  segment.interface = "eth0";
  segment.first_ns = segment.last_ns = received_ns;
  segment.bytes = bytes;
  ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) {
    segment.item_id = Item(writer, sensor, "segments", received_ns);
    return InsertSegment(writer, {sensor, "x", received_ns}, segment);
  }));
}

void RetentionFixture::AddFlows(std::int64_t sensor, std::int64_t received_ns, std::size_t count) {
  std::vector<capture::FlowRecord> flows(count);
  for (capture::FlowRecord& flow : flows) {
    flow.id = {1, next_++};
    flow.start_ns = flow.end_ns = received_ns;
    flow.orig.ip = *capture::ParseIpAddress("10.0.0.1");
    flow.orig.packets = 3;
    flow.orig.bytes = 300;
    flow.resp.packets = 2;
  }
  ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
    Item(writer, sensor, "flows", received_ns);
    TAPIARY_TRY(FlowRows(sensor, flows).Add(writer, received_ns));
    return {};
  }));
}

void RetentionFixture::AddTransactions(std::int64_t sensor, std::int64_t received_ns,
                                       std::size_t count) {
  std::vector<capture::Transaction> transactions(count);
  for (capture::Transaction& transaction : transactions) {
    transaction.flow_id = {1, next_};
    transaction.number = static_cast<std::uint32_t>(next_++);
    transaction.time_ns = received_ns;
    transaction.protocol = "modbus";
  }
  ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) {
    Item(writer, sensor, "facts", received_ns);
    return TransactionRows(sensor, "x", transactions).Add(writer, received_ns);
  }));
}

void RetentionFixture::AddEvents(std::int64_t sensor, std::int64_t received_ns, std::size_t count) {
  const std::string record = R"({"a":1})";
  ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
    Item(writer, sensor, "events", received_ns);
    const std::vector<SqlValue> values{sensor, received_ns, received_ns, record};
    for (std::size_t i = 0; i < count; ++i) {
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO events (sensor_id, time_ns, received_ns, type, record) VALUES (?, ?, ?, "
          "'', ?)",
          values));
    }
    const auto entries = static_cast<std::int64_t>(count);
    const auto each = static_cast<std::int64_t>(record.size()) + kEventRowBytes;
    return CountStored(writer, DataKind::kEvents, sensor, received_ns, {entries, entries * each});
  }));
}

void RetentionFixture::Pin(std::int64_t sensor, std::int64_t from_ns, std::int64_t to_ns) {
  Execute(
      "INSERT INTO pins (sensor_id, from_ns, to_ns, note, actor, created_ns) VALUES (?, ?, ?, "
      "'case 7', 'anna', 1)",
      {sensor, from_ns, to_ns});
}

void RetentionFixture::Execute(std::string_view sql, const std::vector<SqlValue>& values) {
  const auto done = catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute(sql, values));
    return {};
  });
  ASSERT_TRUE(done) << done.error().message;
}

std::int64_t RetentionFixture::Number(const std::string& sql) {
  std::int64_t number = -1;
  const auto done = catalog_->Query(sql, {}, [&number](const SqlRow& row) {
    number = row.Int(0);
    return false;
  });
  EXPECT_TRUE(done) << done.error().message;
  return number;
}

std::size_t RetentionFixture::Objects() {
  std::size_t objects = 0;
  EXPECT_TRUE(vault_->ForEach([&objects](const ObjectInfo&) {
    ++objects;
    return true;
  }));
  return objects;
}

void RetentionFixture::ExpectAccountsRight() {
  const auto stored = ReadStored(*catalog_);
  ASSERT_TRUE(stored);
  std::map<DataKind, std::int64_t> entries;
  for (const StoredHour& hour : *stored) entries[hour.kind] += hour.amount.entries;
  EXPECT_EQ(entries[DataKind::kPackets], Count("segments"));
  EXPECT_EQ(entries[DataKind::kFlows], Count("flows"));
  EXPECT_EQ(entries[DataKind::kTransactions], Count("transactions"));
  EXPECT_EQ(entries[DataKind::kEvents], Count("events"));
  EXPECT_EQ(Objects(), static_cast<std::size_t>(Count("segments")));
  EXPECT_EQ(Count("vault_trash"), 0);
  EXPECT_EQ(Number("SELECT COALESCE(SUM(flows), 0) FROM flow_batches"), Count("flows"));
  EXPECT_EQ(Number("SELECT CAST(COALESCE(SUM(packets), 0) AS BIGINT) FROM flow_batches"),
            5 * Count("flows"));
}

RetentionReport RetentionFixture::Run(const RetentionPolicy& policy, std::int64_t now_ns) {
  Retention retention(*catalog_, *vault_, {policy, kMinuteNs});
  const auto report = retention.RunOnce(now_ns);
  EXPECT_TRUE(report) << report.error().message;
  return report ? *report : RetentionReport{};
}

}  // namespace tapiary::server::test
