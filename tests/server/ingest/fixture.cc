#include "tests/server/ingest/fixture.h"

#include <cstring>
#include <filesystem>

#include "base/digest.h"
#include "base/text.h"
#include "capture/segment/segment.h"
#include "tests/capture/support/meter_run.h"
#include "tests/support/catalog.h"

namespace tapiary::server::test {
namespace {

class FakeBody final : public BodySource {
 public:
  explicit FakeBody(const Body& body) : body_(body) {}
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    if (at_ >= body_.cut) return base::MakeError(base::ErrorCode::kIo, "connection reset");
    const std::size_t left = std::min(body_.content.size(), body_.cut) - at_;
    const std::size_t size = std::min({left, buffer.size(), body_.step});
    std::memcpy(buffer.data(), body_.content.data() + at_, size);
    at_ += size;
    if (size == 0 && at_ < body_.content.size()) {
      return base::MakeError(base::ErrorCode::kIo, "connection reset");
    }
    return size;
  }

 private:
  const Body& body_;
  std::size_t at_ = 0;
};

void Append(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

}  // namespace

std::string Digest(std::string_view content) {
  return base::FormatContentDigest(base::Sha256Of(base::AsBytes(content)));
}

void IngestFixture::Start(IngestLimits limits) {
  ingest_.reset();
  limits.scratch_folder = folder_.path() + "/scratch";
  std::filesystem::create_directories(limits.scratch_folder);
  if (!catalog_) {
    catalog_ = std::move(*Catalog::Open(TestCatalog(folder_.path() + "/catalog.db")));
    vault_ = std::move(*OpenFileVault(folder_.path() + "/vault"));
    ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO sensors (id, name, created_ns) VALUES (5, 'plant-a', 1)", {}));
      return {};
    }));
  }
  ingest_ = std::make_unique<Ingest>(*catalog_, *vault_, limits);
  router_ = std::make_unique<Router>(ingest_->Routes());
}

Answer IngestFixture::Call(const std::string& method, const std::string& path, const Body& body,
                           std::map<std::string, std::string> headers) {
  const Router::Match match = router_->Find(method, "/api/v1/ingest/" + path);
  if (match.route == nullptr) return {.status = 404};
  EXPECT_EQ(match.route->scope, Scope::kSensor);
  Request request;
  request.method = method;
  request.path_params = match.params;
  request.headers = std::move(headers);
  request.content_length = body.content.size();
  request.identity = {.scope = Scope::kSensor,
                      .token_id = 1,
                      .token_name = "t",
                      .sensor_id = 5,
                      .sensor_name = "plant-a"};
  FakeBody source(body);
  const Response response = match.route->handler(request, source);
  return {response.status,
          nlohmann::json::parse(response.body, nullptr, false),
          response.body,
          response.content_type,
          {response.headers.begin(), response.headers.end()}};
}

Answer IngestFixture::Put(const std::string& kind, std::uint64_t epoch, std::uint64_t seq,
                          const Body& body) {
  return Call("PUT", kind + "/" + std::to_string(epoch) + "/" + std::to_string(seq), body,
              {{"content-digest", Digest(body.content)}});
}

int IngestFixture::Admitted(int most) {
  const Router::Match match = router_->Find("POST", "/api/v1/ingest/events");
  Request request;
  request.identity.sensor_id = 5;
  int admitted = 0;
  while (admitted < most && !match.route->admit(request).refusal) ++admitted;
  return admitted;
}

std::int64_t IngestFixture::Count(const std::string& table_and_condition) {
  return std::stoll(Row("SELECT COUNT(*) FROM " + table_and_condition)[0]);
}

std::vector<std::string> IngestFixture::Row(const std::string& sql) {
  std::vector<std::string> columns;
  const auto read = catalog_->Query(sql, {}, [&columns](const SqlRow& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      columns.emplace_back(row.IsNull(i) ? "NULL" : std::string(row.Text(i)));
    }
    return false;
  });
  EXPECT_TRUE(read) << read.error().message;
  return columns;
}

std::map<std::string, std::int64_t> IngestFixture::State() {
  std::map<std::string, std::int64_t> state;
  for (const char* table : {"items", "segments", "flows", "transactions", "events", "event_rejects",
                            "ledger", "gaps"}) {
    state[table] = Count(table);
  }
  namespace fs = std::filesystem;
  for (const char* folder : {"vault", "scratch"}) {
    std::int64_t& files = state[folder];
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path() + "/" + folder)) {
      files += entry.is_regular_file() && entry.path().filename() != "lock" ? 1 : 0;
    }
  }
  return state;
}

std::vector<std::string> IngestFixture::StoredPackets() {
  std::vector<std::string> packets;
  std::vector<std::pair<std::string, std::uint64_t>> objects;
  EXPECT_TRUE(catalog_->Query("SELECT object, bytes FROM segments ORDER BY stream, first_block", {},
                              [&objects](const SqlRow& row) {
                                objects.emplace_back(row.Text(0), row.Int(1));
                                return true;
                              }));
  for (const auto& [object, bytes] : objects) {
    const capture::RangeReader read = [this, &name = object](std::uint64_t offset,
                                                             std::size_t size) {
      return vault_->ReadRange(name, offset, size);
    };
    const auto index = capture::ReadSegmentIndex(bytes, read);
    EXPECT_TRUE(index);
    for (const auto& entry : index->blocks) {
      const auto raw = capture::ReadBlock(entry, read);
      EXPECT_TRUE(raw);
      EXPECT_TRUE(capture::ForEachPacket(base::AsBytes(*raw), nullptr, [&](const auto& packet) {
        packets.emplace_back(base::AsText(packet.bytes));
        return true;
      }));
    }
  }
  return packets;
}

std::string MakeSegment(std::uint64_t first_block, int blocks) {
  capture::InterfaceInfo interface;
  interface.name = "tap0";
  capture::BlockBuilder builder(0, interface, "test");
  capture::BlockCompressor compressor;
  std::string out;
  std::optional<capture::SegmentAssembler> assembler;
  for (std::uint64_t b = 0; b < first_block + static_cast<std::uint64_t>(blocks); ++b) {
    builder.Begin(std::move(capture::MakeBlocks(1, capture::kDefaultBlockBytes).front()));
    for (int i = 0; i < 5; ++i) {
      const std::vector<std::uint8_t> bytes(60 + b, static_cast<std::uint8_t>(i));
      capture::Packet packet;
      packet.bytes = bytes;
      packet.wire_length = static_cast<std::uint32_t>(bytes.size());
      packet.time_ns = capture::test::kStart + static_cast<std::int64_t>(b) * 1000 + i;
      builder.Append(packet);
    }
    const auto block = builder.Close();
    if (block->number < first_block) continue;
    if (!assembler) assembler.emplace(0, first_block);
    const std::string frame = *compressor.Compress(*block, 1);
    assembler->Add(frame.size(), block->data.size(), block->packets, block->first_ns,
                   block->last_ns);
    out += frame;
  }
  return out + assembler->Tail();
}

std::string MakePcap(const std::vector<capture::Packet>& packets) {
  std::string out;
  Append(out, 0xa1b23c4d, 4);
  Append(out, 2, 2);
  Append(out, 4, 2);
  Append(out, 0, 8);
  Append(out, 65535, 4);
  Append(out, 1, 4);
  for (const capture::Packet& packet : packets) {
    Append(out, static_cast<std::uint64_t>(packet.time_ns / 1'000'000'000), 4);
    Append(out, static_cast<std::uint64_t>(packet.time_ns % 1'000'000'000), 4);
    Append(out, packet.bytes.size(), 4);
    Append(out, packet.wire_length, 4);
    out += base::AsText(packet.bytes);
  }
  return out;
}

void ModbusTalk(capture::test::PacketList& out) {
  using capture::test::Adu;
  capture::test::TcpTalk(out)
      .Handshake()
      .Client(Adu(1, 1, "0300000002"))
      .Server(Adu(1, 1, "030400010002"))
      .Client(Adu(2, 1, "060005002a"))
      .Server(Adu(2, 1, "060005002a"))
      .Close();
}

void ExpectProblem(const Answer& answer, int status) {
  EXPECT_EQ(answer.status, status) << answer.text;
  EXPECT_EQ(answer.content_type, "application/problem+json");
  ASSERT_TRUE(answer.json.is_object()) << answer.text;
  EXPECT_EQ(answer.json.value("status", 0), status);
  EXPECT_FALSE(answer.json.value("title", "").empty());
  EXPECT_FALSE(answer.json.value("detail", "").empty());
}

}  // namespace tapiary::server::test
