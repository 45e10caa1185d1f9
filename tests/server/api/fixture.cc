#include "tests/server/api/fixture.h"

#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "base/text.h"
#include "capture/meter.h"
#include "server/ingest/rows.h"
#include "server/ingest/transaction_rows.h"
#include "tests/capture/support/meter_run.h"
#include "tests/server/api/stored.h"
#include "tests/support/catalog.h"

namespace tapiary::server::test {
namespace {

using capture::test::Adu;
using capture::test::PacketList;
using capture::test::TcpTalk;

class NoBody : public BodySource {
  base::Result<std::size_t> Read(std::span<char>) override { return std::size_t{0}; }
};

std::vector<capture::InterfaceInfo> Ethernet() {
  std::vector<capture::InterfaceInfo> interfaces(1);
  interfaces[0].name = "eth0";
  return interfaces;
}

// Meters one packet at a time and tells the meter in which block each one is.
capture::RecordBatch MeterAll(const std::vector<std::vector<capture::Packet>>& blocks,
                              std::uint64_t epoch) {
  capture::MeterOptions options;
  options.epoch = epoch;
  capture::Meter meter(options);
  const std::vector<capture::InterfaceInfo> interfaces = Ethernet();
  std::array<capture::FlowHandle, capture::kBatchSize> handles;
  capture::RecordBatch records;
  for (std::size_t block = 0; block < blocks.size(); ++block) {
    for (const capture::Packet& packet : blocks[block]) {
      capture::PacketBatch batch;
      batch.packets[batch.count++] = packet;
      meter.Process(batch, interfaces, handles);
      if (handles[0].valid()) meter.NoteBlock(handles[0], block);
      meter.Drain(records);
    }
  }
  meter.Finish(capture::EndReason::kIdle);
  meter.Drain(records);
  return records;
}

}  // namespace

void ApiFixture::SetUp() {
  const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
  folder_ = testing::TempDir() + "tapiary_api_" + std::to_string(getpid()) + "_" +
            test->test_suite_name() + "_" + test->name();
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  catalog_ = std::move(*Catalog::Open(TestCatalog(folder_ + "/catalog.db")));
  KeepEventsInOnePart(*catalog_);
  vault_ = std::move(*OpenFileVault(folder_ + "/vault"));
  router_ = std::make_unique<Router>(ApiRoutes({*catalog_, *vault_}));
}

void ApiFixture::TearDown() {
  router_.reset();
  catalog_.reset();
  std::filesystem::remove_all(folder_);
}

void ApiFixture::Execute(std::string_view sql, const std::vector<SqlValue>& values) {
  const auto done = catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute(sql, values));
    return {};
  });
  ASSERT_TRUE(done) << done.error().message;
}

std::int64_t ApiFixture::SensorId(const std::string& name) {
  std::int64_t id = 0;
  const SqlValue values[] = {name};
  const auto find = [&] {
    return catalog_->Query("SELECT id FROM sensors WHERE name = ?", values,
                           [&id](const SqlRow& row) {
                             id = row.Int(0);
                             return false;
                           });
  };
  EXPECT_TRUE(find());
  if (id != 0) return id;
  Execute("INSERT INTO sensors (name, created_ns, last_seen_ns) VALUES (?, 1, ?)",
          {name, base::WallNow()});
  EXPECT_TRUE(find());
  return id;
}

capture::RecordBatch ApiFixture::Store(std::vector<capture::Packet>& packets, const Load& load) {
  std::vector<std::vector<capture::Packet>> blocks;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (i % load.packets_per_block == 0) blocks.emplace_back();
    blocks.back().push_back(packets[i]);
  }
  StoreSegments(packets, load, blocks);
  capture::RecordBatch records = MeterAll(blocks, load.epoch);
  if (!load.records) return records;
  const RowOwner owner{SensorId(load.sensor), load.sensor,
                       load.received_ns != 0 ? load.received_ns : base::WallNow()};
  const auto written = catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(FlowRows(owner.sensor_id, records.flows).Add(writer, owner.received_ns));
    TAPIARY_TRY(TransactionRows(owner.sensor_id, owner.sensor, records.transactions)
                    .Add(writer, owner.received_ns));
    capture::LedgerRow ledger;
    ledger.interface = "eth0";
    ledger.offered = packets.size() + 5;
    ledger.recorded = packets.size();
    ledger.lost = {{"kernel-ring-full", 3}, {"storage-backlog", 2}};
    TAPIARY_TRY(AddLedger(writer, owner, load.epoch, ledger));
    return {};
  });
  EXPECT_TRUE(written) << written.error().message;
  return records;
}

void ApiFixture::StoreSegments(std::vector<capture::Packet>&, const Load& load,
                               const std::vector<std::vector<capture::Packet>>& blocks) {
  const std::int64_t sensor = SensorId(load.sensor);
  const std::int64_t received = load.received_ns != 0 ? load.received_ns : base::WallNow();
  for (std::size_t at = 0; at < blocks.size(); at += load.blocks_per_segment) {
    const auto end = std::min(at + load.blocks_per_segment, blocks.size());
    const std::vector<std::vector<capture::Packet>> part(
        blocks.begin() + static_cast<std::ptrdiff_t>(at),
        blocks.begin() + static_cast<std::ptrdiff_t>(end));
    const std::string bytes = MakeSegment(part, 0, at);
    auto pending = std::move(*vault_->Create(load.sensor));
    ASSERT_TRUE(pending->Append(base::AsBytes(bytes)));
    const std::string object = *pending->Commit();
    const std::int64_t item = next_item_++;
    Execute(
        "INSERT INTO items (id, sensor_id, kind, epoch, seq, digest, bytes, received_ns) "
        "VALUES (?, ?, 'segments', ?, ?, ?, 0, ?)",
        {item, sensor, static_cast<std::int64_t>(load.epoch), item, std::vector<std::uint8_t>{0},
         received});
    SegmentRow row{.item_id = item, .epoch = load.epoch, .interface = "eth0", .object = object};
    row.first_block = at;
    row.block_count = part.size();
    row.bytes = bytes.size();
    row.first_ns = INT64_MAX;
    row.last_ns = INT64_MIN;
    for (const auto& block : part) {
      for (const capture::Packet& packet : block) {
        row.first_ns = std::min(row.first_ns, packet.time_ns);
        row.last_ns = std::max(row.last_ns, packet.time_ns);
        ++row.packets;
      }
    }
    ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) {
      return InsertSegment(writer, {sensor, load.sensor, received}, row);
    }));
  }
}

capture::RecordBatch ApiFixture::StoreModbus(int flows, const Load& load) {
  PacketList list;
  for (int i = 0; i < flows; ++i) {
    TcpTalk talk(list, static_cast<std::uint16_t>(40000 + i));
    talk.Wait(i * 20 * capture::test::kMilli);
    talk.Handshake()
        .Client(Adu(1, 1, "0300640002"))
        .Server(Adu(1, 1, "030400070008"))
        .Client(Adu(2, 1, "06002804d2"))
        .Server(Adu(2, 1, "06002804d2"))
        .Close();
  }
  return Store(list.packets(), load);
}

Response ApiFixture::Get(const std::string& path, std::map<std::string, std::string> query) {
  const Router::Match match = router_->Find("GET", path);
  if (match.route == nullptr) return Problem(404, "Not found", "no route");
  Request request;
  request.method = "GET";
  request.path = path;
  request.query = std::move(query);
  request.path_params = match.params;
  NoBody body;
  return match.route->handler(request, body);
}

nlohmann::json ApiFixture::Json(const std::string& path, std::map<std::string, std::string> query) {
  const Response response = Get(path, std::move(query));
  EXPECT_EQ(response.status, 200) << response.body;
  return nlohmann::json::parse(response.body);
}

std::string ApiFixture::Body(Response& response, std::size_t buffer_size) {
  if (!response.stream) return response.body;
  std::string body;
  std::vector<char> buffer(buffer_size);
  while (true) {
    const auto size = response.stream->Read(buffer);
    EXPECT_TRUE(size) << size.error().message;
    if (!size || *size == 0) return body;
    body.append(buffer.data(), *size);
  }
}

std::vector<std::string> ApiFixture::Texts(const std::vector<capture::Packet>& packets) {
  std::vector<std::string> texts;
  for (const capture::Packet& packet : packets) {
    texts.push_back(std::to_string(packet.time_ns) + " " + base::ToHex(packet.bytes));
  }
  return texts;
}

std::vector<std::string> ApiFixture::PacketsOf(const std::string& file) {
  const std::string path = folder_ + "/download";
  std::ofstream(path, std::ios::binary) << file;
  const auto source = capture::MakePcapSource({.path = path});
  EXPECT_TRUE(source->Open());
  std::vector<std::string> texts;
  capture::PacketBatch batch;
  while (*source->Next(batch, 0) == capture::NextState::kPackets) {
    const auto part = Texts({batch.packets.begin(), batch.packets.begin() + batch.count});
    texts.insert(texts.end(), part.begin(), part.end());
  }
  EXPECT_EQ(source->end_note(), "");
  return texts;
}

}  // namespace tapiary::server::test
