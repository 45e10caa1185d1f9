#include "capture/engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <set>
#include <thread>

#include "capture/label/noise.h"
#include "capture/segment/segment.h"
#include "tests/capture/support/packet_builder.h"
#include "tests/support/timing.h"

namespace tapiary::capture {
namespace {

using namespace std::chrono_literals;

// Gives `total` copies of one frame, a millisecond apart, then idles (live) or ends (a file).
class ScriptedSource : public PacketSource {
 public:
  ScriptedSource(std::uint64_t total, bool live)
      : total_(total),
        live_(live),
        frame_(test::PacketBuilder()
                   .Eth()
                   .Ipv4("10.0.0.1", "10.0.0.2")
                   .Udp(50000, 502)
                   .Data(std::string(1000, '0'))
                   .Build()) {
    interfaces_.push_back({.name = "fake0", .description = ""});
  }
  base::Result<> Open() override { return {}; }
  [[nodiscard]] std::string name() const override { return "fake0"; }
  base::Result<NextState> Next(PacketBatch& batch, int wait_ms) override {
    batch.count = 0;
    if (stats_.received == total_) {
      if (!live_) return NextState::kEnd;
      std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
      return NextState::kIdle;
    }
    while (batch.count < kBatchSize && stats_.received < total_) {
      Packet& packet = batch.packets[batch.count++];
      packet = {};
      packet.bytes = frame_;
      packet.wire_length = static_cast<std::uint32_t>(frame_.size());
      packet.time_ns = kStart + static_cast<std::int64_t>(stats_.received) * base::kNanosPerMilli;
      ++stats_.received;
    }
    return NextState::kPackets;
  }
  [[nodiscard]] const std::vector<InterfaceInfo>& interfaces() const override {
    return interfaces_;
  }
  [[nodiscard]] SourceStats stats() const override {
    SourceStats stats = stats_;
    stats.link_up = link_up;
    return stats;
  }
  [[nodiscard]] bool live() const override { return live_; }

  std::atomic<bool> link_up{true};

  static constexpr std::int64_t kStart = 1'700'000'000 * base::kNanosPerSecond;

 private:
  const std::uint64_t total_;
  const bool live_;
  const std::vector<std::uint8_t> frame_;
  std::vector<InterfaceInfo> interfaces_;
  SourceStats stats_;
};

class FailingSource : public ScriptedSource {
 public:
  FailingSource() : ScriptedSource(0, true) {}
  base::Result<> Open() override {
    return base::MakeError(base::ErrorCode::kNotFound, "no interface 'nope0'");
  }
};

std::unique_ptr<Engine> MakeEngine(std::unique_ptr<PacketSource> source,
                                   const EngineOptions& options) {
  std::vector<std::unique_ptr<PacketSource>> sources;
  sources.push_back(std::move(source));
  return std::make_unique<Engine>(options, std::move(sources));
}

std::unique_ptr<Engine> MakeEngine(std::unique_ptr<PacketSource> source) {
  const EngineOptions options;  // no default argument: GCC 12 then warns of what is none
  return MakeEngine(std::move(source), options);
}

EngineOptions SmallPool() {
  EngineOptions options;
  options.block_bytes = 300 * 1024;
  options.blocks_per_worker = 4;
  return options;
}

std::uint64_t Lost(const LedgerRow& row) {
  return std::accumulate(row.lost.begin(), row.lost.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& reason) { return sum + reason.second; });
}

void WaitFor(const std::function<bool()>& done) {
  if (!timing::Comes(done)) FAIL() << "it did not come within a minute";
}

// R1: what finds no free block is lost under a name, and the flow still counts it.
TEST(Engine, LiveCaptureWithoutFreeBlocksCountsTheLossAndMetersOn) {
  constexpr std::uint64_t kPackets = 5'000;
  const auto engine = MakeEngine(std::make_unique<ScriptedSource>(kPackets, true), SmallPool());
  ASSERT_TRUE(engine->Start());
  WaitFor([&] { return engine->Ledger().front().offered == kPackets; });
  engine->Stop();

  const LedgerRow row = engine->Ledger().front();
  EXPECT_EQ(row.offered, kPackets);
  ASSERT_EQ(row.lost.size(), 1u);
  EXPECT_EQ(row.lost.front().first, "storage-backlog");
  EXPECT_GT(row.lost.front().second, 0u);
  EXPECT_EQ(row.recorded + Lost(row), kPackets);

  std::uint64_t stored = 0;
  while (const auto block = engine->TakeBlock()) stored += block->packets;
  EXPECT_EQ(stored, row.recorded);
  RecordBatch records;
  EXPECT_TRUE(engine->TakeRecords(records));
  ASSERT_EQ(records.flows.size(), 1u);
  EXPECT_EQ(records.flows.front().orig.packets, kPackets);
  EXPECT_EQ(records.flows.front().end_reason, EndReason::kShutdown);
}

// "Meter only": what a noise rule keeps from storage is counted as filtered, never silently gone.
TEST(Engine, NoiseThatIsNotStoredIsFilteredAndMetered) {
  constexpr std::uint64_t kPackets = 500;
  for (const char* const rule : {"x=own scans,store=no", "x=own scans"}) {
    auto noise = std::make_shared<NoiseFilter>();
    noise->Add(*ParseNoiseRule(rule), *ParseNoiseList("10.0.0.0/24", "x", 1));
    EngineOptions options;
    options.meter.noise = noise;
    const bool stored = noise->Match({*ParseIpAddress("10.0.0.1"), {}, 17, 502, 0})->store;
    std::vector<std::unique_ptr<PacketSource>> sources;
    sources.push_back(std::make_unique<ScriptedSource>(kPackets, true));
    Engine engine(options, std::move(sources));
    ASSERT_TRUE(engine.Start());
    WaitFor([&] { return engine.Ledger().front().offered == kPackets; });
    engine.Stop();

    const LedgerRow row = engine.Ledger().front();
    EXPECT_EQ(row.offered, kPackets);
    EXPECT_EQ(row.recorded, stored ? kPackets : 0u);
    EXPECT_EQ(row.filtered, stored ? 0u : kPackets);
    EXPECT_TRUE(row.lost.empty());
    EXPECT_EQ(engine.TakeBlock() != nullptr, stored);
    RecordBatch records;
    EXPECT_TRUE(engine.TakeRecords(records));
    ASSERT_EQ(records.flows.size(), 1u);
    EXPECT_EQ(records.flows.front().noise, "own scans");
    EXPECT_EQ(records.flows.front().orig.packets, kPackets);
    EXPECT_EQ(records.flows.front().blocks.empty(), !stored);
  }
}

TEST(Engine, AFileWaitsForBlocksAndLosesNothing) {
  constexpr std::uint64_t kPackets = 5'000;
  const auto engine = MakeEngine(std::make_unique<ScriptedSource>(kPackets, false), SmallPool());
  ASSERT_TRUE(engine->Start());
  std::uint64_t stored = 0;
  for (int i = 0; i < 5'000 && stored < kPackets; ++i) {
    while (auto block = engine->TakeBlock()) {
      stored += block->packets;
      engine->ReturnBlock(std::move(block));
    }
    std::this_thread::sleep_for(1ms);
  }
  WaitFor([&] { return engine->finished(); });
  EXPECT_EQ(stored, kPackets);
  EXPECT_EQ(engine->Ledger().front().recorded, kPackets);
  EXPECT_EQ(Lost(engine->Ledger().front()), 0u);
}

// A block is handed out at its age although nothing follows the packet.
TEST(Engine, CAP01_BlockOfAQuietLinkClosesByTime) {
  EngineOptions options = SmallPool();
  options.block_time_ns = 200 * base::kNanosPerMilli;
  const auto engine = MakeEngine(std::make_unique<ScriptedSource>(1, true), options);
  ASSERT_TRUE(engine->Start());
  std::unique_ptr<Block> block;
  WaitFor([&] {
    if (!block) block = engine->TakeBlock();
    return block != nullptr;
  });
  EXPECT_EQ(block->packets, 1u);
  EXPECT_EQ(block->first_ns, ScriptedSource::kStart);
}

TEST(Engine, CAP01_IdleFlowIsExportedWithoutAnotherPacket) {
  EngineOptions options = SmallPool();
  options.meter.idle_timeout_ns = 300 * base::kNanosPerMilli;
  const auto engine = MakeEngine(std::make_unique<ScriptedSource>(3, true), options);
  ASSERT_TRUE(engine->Start());
  RecordBatch records;
  WaitFor([&] { return engine->TakeRecords(records); });
  ASSERT_EQ(records.flows.size(), 1u);
  EXPECT_EQ(records.flows.front().end_reason, EndReason::kIdle);
}

TEST(Engine, CAP02_LinkThatWasDownIsOneGapRecord) {
  auto source = std::make_unique<ScriptedSource>(1, true);
  std::atomic<bool>& link_up = source->link_up;
  const auto engine = MakeEngine(std::move(source));
  ASSERT_TRUE(engine->Start());
  link_up = false;
  WaitFor([&] { return !engine->status().front().link_up; });
  link_up = true;
  RecordBatch records;
  WaitFor([&] {
    engine->TakeRecords(records);
    return !records.gaps.empty();
  });
  engine->Stop();
  engine->TakeRecords(records);
  ASSERT_EQ(records.gaps.size(), 1u);
  EXPECT_EQ(records.gaps.front().reason, "link-down");
  EXPECT_EQ(records.gaps.front().interface, "fake0");
  EXPECT_LT(records.gaps.front().from_ns, records.gaps.front().to_ns);
}

TEST(Engine, CAP01_StopOnAnIdleLinkIsQuick) {
  const auto stop = [] {
    const auto engine = MakeEngine(std::make_unique<ScriptedSource>(1, true));
    EXPECT_TRUE(engine->Start());
    const std::int64_t took = timing::Measure([&] { engine->Stop(); });
    EXPECT_TRUE(engine->finished());
    return took;
  };
  EXPECT_LT(timing::Shortest(base::kNanosPerSecond, stop), base::kNanosPerSecond);
}

// CAP-07: a source that cannot be opened is named; nothing to capture from is a failed start.
TEST(Engine, CAP07_StartFailsWhenNoSourceOpens) {
  const auto engine = MakeEngine(std::make_unique<FailingSource>());
  const auto started = engine->Start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("nope0"), std::string::npos);
}

TEST(Engine, CAP07_OneFailedSourceDoesNotStopTheOthers) {
  std::vector<std::unique_ptr<PacketSource>> sources;
  sources.push_back(std::make_unique<FailingSource>());
  sources.push_back(std::make_unique<ScriptedSource>(10, false));
  Engine engine(SmallPool(), std::move(sources));
  ASSERT_TRUE(engine.Start());
  WaitFor([&] { return engine.finished(); });
  EXPECT_FALSE(engine.status()[0].error.empty());
  EXPECT_EQ(engine.status()[1].packets, 10u);
  const auto block = engine.TakeBlock();
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(block->stream, 256u);
}

// The flow's list of blocks and the blocks' numbers are the same numbers.
TEST(Engine, FlowNamesTheBlocksThatHoldItsPackets) {
  const auto engine = MakeEngine(std::make_unique<ScriptedSource>(2'000, false));
  ASSERT_TRUE(engine->Start());
  WaitFor([&] { return engine->finished(); });
  std::uint64_t blocks = 0;
  while (const auto block = engine->TakeBlock()) EXPECT_EQ(block->number, blocks++);
  EXPECT_GT(blocks, 1u);
  RecordBatch records;
  ASSERT_TRUE(engine->TakeRecords(records));
  ASSERT_EQ(records.flows.size(), 1u);
  EXPECT_EQ(records.flows.front().blocks,
            (std::vector<BlockRun>{{0, static_cast<std::uint32_t>(blocks)}}));
}

// A collector takes a second flow with a number that it has for a contradiction, and drops it.
TEST(Engine, FlowsOfAllSourcesHaveNumbersOfTheirOwn) {
  constexpr std::size_t kSources = 3;
  std::vector<std::unique_ptr<PacketSource>> sources;
  while (sources.size() < kSources) sources.push_back(std::make_unique<ScriptedSource>(5, false));
  EngineOptions options;
  options.meter.epoch = 9;
  Engine engine(options, std::move(sources));
  ASSERT_TRUE(engine.Start());
  WaitFor([&] { return engine.finished(); });

  std::set<std::uint64_t> numbers;
  RecordBatch records;
  while (engine.TakeRecords(records)) {
    for (const FlowRecord& flow : records.flows) {
      EXPECT_EQ(flow.id.epoch, 9u);
      EXPECT_TRUE(numbers.insert(flow.id.number).second) << "twice " << flow.id.number;
    }
    records = {};
  }
  EXPECT_EQ(numbers, (std::set<std::uint64_t>{0, 1, 2}));
}

}  // namespace
}  // namespace tapiary::capture
