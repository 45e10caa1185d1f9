// The DPDK source under the engine: same results as from a file (R5), accounts that add up when
// storage stalls (DP-02), and no harm to other sources (DP-04).
#include <gmock/gmock.h>

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "capture/engine.h"
#include "tests/capture/source/dpdk_fixture.h"
#include "tests/capture/source/file_builder.h"

namespace tapiary::capture::test {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr std::size_t kMostFiles = 12;  // ports of one process

std::uint64_t LostBy(const LedgerRow& row, std::string_view reason) {
  for (const auto& [name, packets] : row.lost) {
    if (name == reason) return packets;
  }
  return 0;
}

// Takes what the engine has, gives blocks back; packets in the blocks.
std::uint64_t Drain(Engine& engine, RecordBatch& records) {
  std::uint64_t packets = 0;
  while (auto block = engine.TakeBlock()) {
    packets += block->packets;
    engine.ReturnBlock(std::move(block));
  }
  (void)engine.TakeRecords(records);
  return packets;
}

class DpdkEngine : public DpdkTest {};
class DpdkFileEngine : public DpdkFiles {};

TEST_F(DpdkEngine, DP02_AStalledWriterLosesByNameAndBuffersComeBack) {
  Open({.ports = {CapturePort()}}, 0);
  EngineOptions options;
  options.blocks_per_worker = 4;
  Engine engine(options, std::move(sources_));
  ASSERT_TRUE(engine.Start());
  std::this_thread::sleep_for(milliseconds(200));
  const std::uint64_t free_before = FreeDpdkBuffers();
  EXPECT_GE(free_before, 8192u);

  std::uint64_t sent = 0;
  const FrameBytes frame = UdpFrame({}, 1000);
  const std::int64_t stalled_until = base::SteadyNow() + 2 * base::kNanosPerSecond;
  while (base::SteadyNow() < stalled_until) {  // nobody takes blocks meanwhile
    for (int i = 0; i < 100; ++i) sent += pair_.Send(frame) ? 1 : 0;
    std::this_thread::sleep_for(milliseconds(10));
  }
  RecordBatch records;
  std::uint64_t written = Drain(engine, records);
  std::this_thread::sleep_for(milliseconds(300));
  written += Drain(engine, records);
  const LedgerRow stalled = engine.Ledger().front();
  EXPECT_GT(LostBy(stalled, "storage-backlog"), 0u);
  for (int i = 0; i < 100; ++i) sent += pair_.Send(frame) ? 1 : 0;
  std::this_thread::sleep_for(milliseconds(700));
  EXPECT_EQ(engine.Ledger().front().recorded, stalled.recorded + 100) << "capture goes on";
  EXPECT_EQ(FreeDpdkBuffers(), free_before);
  engine.Stop();
  written += Drain(engine, records);

  const LedgerRow row = engine.Ledger().front();
  std::uint64_t lost = 0;
  for (const auto& reason : row.lost) lost += reason.second;
  EXPECT_EQ(row.offered, sent);
  EXPECT_EQ(row.recorded, written);
  EXPECT_EQ(sent - written, lost);
}

TEST_F(DpdkEngine, DP04_UnusableDpdkDoesNotHideAnInterface) {
  std::vector<std::unique_ptr<PacketSource>> sources;
  sources.push_back(MakeAfPacketSource({.interface = VethPair::kCapture}));
  DpdkOptions dpdk{.ports = {"af_packet:nosuch0", "vdev:net_null0"}};
  dpdk.hugepages = DpdkHugepages::kOn;
  dpdk.memory_bytes = 1LL << 40;  // more than any host has in hugepages
  for (auto& source : MakeDpdkSources(dpdk)) sources.push_back(std::move(source));
  ASSERT_EQ(sources.size(), 3u);
  const EngineOptions options;
  Engine engine(options, std::move(sources));
  ASSERT_TRUE(engine.Start());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(pair_.Send(UdpFrame()));
  std::this_thread::sleep_for(milliseconds(500));
  engine.Stop();
  EXPECT_EQ(engine.Ledger().at(0).recorded, 10u);
  for (const std::size_t failed : {1u, 2u}) {
    const WorkerStatus status = engine.status().at(failed);
    EXPECT_FALSE(status.running);
    EXPECT_THAT(status.error, HasSubstr("dpdk.hugepages is on"));
  }
}

std::string CorpusFolder() {
  if (const char* set = std::getenv("TAPIARY_CORPUS"); set != nullptr) return set;
  return TAPIARY_CORPUS_DEFAULT;
}

// Microsecond captures of Ethernet: what net_pcap gives loses nothing of them.
std::vector<std::string> CorpusFiles() {
  std::vector<std::string> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(CorpusFolder(), ignored)) {
    if (entry.path().extension() != ".pcap" || entry.file_size() > 1'000'000) continue;
    const auto bytes = base::ReadFile(entry.path().string(), 1'000'000);
    if (!bytes || !bytes->starts_with("\xd4\xc3\xb2\xa1") || bytes->substr(20, 4)[0] != 1) continue;
    const SeenFile seen = ReadPath({.path = entry.path().string()});
    if (seen.error.empty() && seen.note.empty()) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> some;  // of all folders
  const std::size_t step = std::max<std::size_t>(1, files.size() / kMostFiles);
  for (std::size_t i = 0; i < files.size() && some.size() < kMostFiles; i += step) {
    some.push_back(files[i]);
  }
  return some;
}

// All that must not depend on where packets came from.
std::vector<std::string> Results(std::unique_ptr<PacketSource> source, std::uint64_t packets) {
  std::vector<std::unique_ptr<PacketSource>> sources;
  sources.push_back(std::move(source));
  EngineOptions options;
  options.meter.active_timeout_ns = 0;
  Engine engine(options, std::move(sources));
  EXPECT_TRUE(engine.Start());
  RecordBatch records;
  for (int i = 0; i < 500 && !engine.finished(); ++i) {
    Drain(engine, records);
    if (engine.Ledger().front().recorded >= packets && i > 0) break;
    std::this_thread::sleep_for(milliseconds(20));
  }
  engine.Stop();
  Drain(engine, records);
  EXPECT_EQ(engine.Ledger().front().recorded, packets);
  std::vector<std::string> lines;
  for (const FlowRecord& flow : records.flows) {
    lines.push_back(fmt::format(
        "{} {} {} {}-{} {}/{} {}/{} {} {} {}", flow.community_id, flow.service, flow.service_by,
        flow.start_ns, flow.end_ns, flow.orig.packets, flow.orig.bytes, flow.resp.packets,
        flow.resp.bytes, flow.transactions, flow.commands, flow.bad_checksums));
  }
  for (const Transaction& transaction : records.transactions) {
    lines.push_back(fmt::format("{} {}", transaction.protocol, transaction.time_ns));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

// A file of our own, so that there is one without the corpus too.
Buffer SmallCapture() {
  const PcapSpec spec;
  std::vector<Buffer> parts = {PcapHeader(spec)};
  for (std::uint32_t i = 0; i < 300; ++i) {
    const Buffer frame = i % 3 == 0 ? TcpFrame({}, static_cast<std::uint16_t>(500 + i % 7))
                                    : UdpFrame({{0x8100, 5}}, 60 + i, 502);
    parts.push_back(PcapRecord(spec, 1'700'000'000 + i, 17 * i, frame));
  }
  return Join(parts);
}

TEST_F(DpdkFileEngine, R5_TheSameResultsAsFromTheFile) {
  const TempFile small(SmallCapture());
  std::vector<std::string> files = CorpusFiles();
  files.push_back(small.path());
  DpdkOptions options;
  options.ring_size = 64;
  for (const std::string& file : files) options.ports.push_back("pcap:" + file);
  Open(std::move(options), 0);
  ASSERT_EQ(sources_.size(), files.size());
  std::size_t lines = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    SCOPED_TRACE(files[i]);
    const std::uint64_t packets = ReadPath({.path = files[i]}).packets.size();
    const auto expected = Results(MakePcapSource({.path = files[i]}), packets);
    EXPECT_EQ(Results(std::move(sources_[i]), packets), expected);
    lines += expected.size();
  }
  EXPECT_GE(lines, files.size());
}

// net_null can hash, has many queues, and gives frames without end.
TEST_F(DpdkFileEngine, DP05_AsManyQueuesAsThereAreWithOneAccount) {
  ::testing::internal::CaptureStderr();
  Open({.ports = {"vdev:net_null0,size=64"}, .queues = 4, .ring_size = 256}, 0);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::Not(HasSubstr("queues")));
  ASSERT_EQ(sources_.size(), 4u);
  const EngineOptions options;
  Engine engine(options, std::move(sources_));
  ASSERT_TRUE(engine.Start());
  std::this_thread::sleep_for(milliseconds(500));
  engine.Stop();
  ASSERT_EQ(engine.status().size(), 4u);
  std::uint64_t packets = 0;
  for (const WorkerStatus& status : engine.status()) {
    EXPECT_GT(status.packets, 0u);
    EXPECT_EQ(status.interface, "vdev:net_null0,size=64");
    packets += status.packets;
  }
  std::uint64_t offered = 0;
  for (const LedgerRow& row : engine.Ledger()) offered += row.offered;
  EXPECT_EQ(offered, packets);
}

}  // namespace
}  // namespace tapiary::capture::test
