#include "uplink/spool_writer.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "tests/support/timing.h"
#include "tests/uplink/support/spool_fixture.h"
#include "uplink/compress_level.h"

namespace tapiary::uplink {
namespace {

using ::testing::HasSubstr;

// Gives `total` UDP packets with their number in them, then ends.
class NumberedSource : public capture::PacketSource {
 public:
  NumberedSource(std::uint64_t total, std::size_t bytes, std::uint64_t dropped)
      : total_(total), dropped_(dropped), frame_(bytes) {
    const std::string_view header(
        "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0"
        "\x45\0\0\x40\0\0\0\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02"
        "\x13\x88\x13\x89\0\x2c\0\0",
        42);
    std::copy(header.begin(), header.end(), frame_.begin());
    interfaces_.resize(1);
    interfaces_[0].name = "fake0";
  }
  base::Result<> Open() override { return {}; }
  base::Result<capture::NextState> Next(capture::PacketBatch& batch, int) override {
    batch.count = 0;
    stats_.dropped_kernel = dropped_;
    storage_.clear();
    while (batch.count < capture::kBatchSize && stats_.received < total_) {
      storage_.push_back(frame_);
      ++stats_.received;
      ++batch.count;
    }
    for (std::uint32_t i = 0; i < batch.count; ++i) {
      const std::uint64_t number = stats_.received - batch.count + i;
      capture::Packet& packet = batch.packets[i];
      packet = {};
      packet.bytes = storage_[i];
      packet.wire_length = static_cast<std::uint32_t>(storage_[i].size());
      packet.time_ns = static_cast<std::int64_t>(1'700'000'000'000'000'000 + number);
    }
    return batch.count > 0 ? capture::NextState::kPackets : capture::NextState::kEnd;
  }
  const std::vector<capture::InterfaceInfo>& interfaces() const override { return interfaces_; }
  std::string name() const override { return "fake0"; }
  capture::SourceStats stats() const override { return stats_; }
  bool live() const override { return false; }

 private:
  std::uint64_t total_;
  std::uint64_t dropped_;
  std::vector<std::uint8_t> frame_;
  std::vector<std::vector<std::uint8_t>> storage_;
  std::vector<capture::InterfaceInfo> interfaces_;
  capture::SourceStats stats_;
};

class SpoolWriterTest : public ::testing::Test {
 protected:
  void Make(std::uint64_t packets, std::size_t bytes, std::uint64_t dropped = 0) {
    SpoolOptions options;
    options.path = folder_.path() + "/spool";
    spool_ = OpenSpool(options);
    std::vector<std::unique_ptr<capture::PacketSource>> sources;
    sources.push_back(std::make_unique<NumberedSource>(packets, bytes, dropped));
    capture::EngineOptions engine;
    engine.meter.epoch = spool_->epoch();
    engine_ = std::make_unique<capture::Engine>(engine, std::move(sources));
    writer_ = std::make_unique<SpoolWriter>(options_, *engine_, *spool_,
                                            [] { return std::string("ok"); });
    ASSERT_TRUE(engine_->Start());
    writer_->Start();
  }
  bool Drained() {
    return timing::Comes([&] { return writer_->drained(); });
  }
  TempFolder folder_;
  WriterOptions options_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<capture::Engine> engine_;
  std::unique_ptr<SpoolWriter> writer_;
};

TEST_F(SpoolWriterTest, EveryPacketFlowAndLedgerIsStored) {
  constexpr std::uint64_t kPackets = 60'000;
  Make(kPackets, 1000);  // more than the engine's pool holds
  ASSERT_TRUE(Drained());
  engine_->Stop();
  ASSERT_TRUE(writer_->Stop(base::kNanosPerSecond));

  std::uint64_t packets = 0;
  std::uint64_t next_block = 0;
  while (const auto item = spool_->Next(Kind::kPackets).value()) {
    const auto read = [&item](std::uint64_t offset, std::size_t size) -> base::Result<std::string> {
      return item->body.substr(offset, size);
    };
    const auto index = capture::ReadSegmentIndex(item->body.size(), read);
    ASSERT_TRUE(index) << index.error().ToString();
    EXPECT_EQ(index->first_block, next_block);
    next_block += index->blocks.size();
    EXPECT_EQ(item->interface, "fake0");
    for (const auto& entry : index->blocks) {
      const auto raw = capture::ReadBlock(entry, read);
      ASSERT_TRUE(raw);
      (void)capture::ForEachPacket(base::AsBytes(*raw), nullptr, [&](const capture::Packet& one) {
        EXPECT_EQ(one.time_ns, static_cast<std::int64_t>(1'700'000'000'000'000'000 + packets));
        ++packets;
        return true;
      });
    }
    ASSERT_TRUE(spool_->Acknowledge(*item));
  }
  EXPECT_EQ(packets, kPackets);

  std::uint64_t flow_packets = 0;
  while (const auto item = spool_->Next(Kind::kFlows).value()) {
    const auto batch = DecodeFlows(base::AsBytes(item->body));
    for (const auto& flow : batch->flows) {
      EXPECT_EQ(flow.id.epoch, spool_->epoch());
      flow_packets += flow.delta_packets[0] + flow.delta_packets[1];
    }
    ASSERT_TRUE(spool_->Acknowledge(*item));
  }
  EXPECT_EQ(flow_packets, kPackets);

  FactBatch last;
  while (const auto item = spool_->Next(Kind::kFacts).value()) {
    const auto batch = DecodeFacts(base::AsBytes(item->body));
    if (batch->health) last = *batch;
    ASSERT_TRUE(spool_->Acknowledge(*item));
  }
  ASSERT_EQ(last.ledger.size(), 1u);
  EXPECT_EQ(last.ledger[0].offered, kPackets);
  EXPECT_EQ(last.ledger[0].recorded, kPackets);
  EXPECT_TRUE(last.ledger[0].lost.empty());
  EXPECT_EQ(last.health->state, "ok");
  EXPECT_EQ(last.health->packets, kPackets);
  EXPECT_EQ(last.health->uplink_state, "ok");
}

TEST_F(SpoolWriterTest, LostPacketsMakeOneReportDegraded) {
  options_.health_ns = 50 * base::kNanosPerMilli;
  Make(100, 100, 7);
  ASSERT_TRUE(Drained());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  engine_->Stop();
  ASSERT_TRUE(writer_->Stop(base::kNanosPerSecond));
  std::vector<SensorHealth> degraded;
  std::string last;
  while (const auto item = spool_->Next(Kind::kFacts).value()) {
    const auto batch = DecodeFacts(base::AsBytes(item->body));
    if (batch->health) last = batch->health->state;
    if (batch->health && last == "degraded") degraded.push_back(*batch->health);
    ASSERT_TRUE(spool_->Acknowledge(*item));
  }
  ASSERT_EQ(degraded.size(), 1u);
  ASSERT_EQ(degraded[0].texts.size(), 1u);
  EXPECT_EQ(degraded[0].texts[0], "fake0: 7 packets lost since the last report");
  EXPECT_EQ(last, "ok");
}

TEST_F(SpoolWriterTest, StopSaysWhatASpoolThatCannotWriteLoses) {
  Make(100, 100);
  ASSERT_TRUE(spool_->Close());  // from now on writes fail
  const auto stopped = writer_->Stop(100 * base::kNanosPerMilli);
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().message, HasSubstr("packets are lost"));
}

TEST(CompressLevel, FollowsTheBacklog) {
  CompressLevel level;
  const int start = level.level();
  EXPECT_NE(start, 0);
  for (int i = 0; i < 5; ++i) level.Note(CompressLevel::kBehind);
  EXPECT_EQ(level.level(), 0);
  for (unsigned i = 0; i < CompressLevel::kCalmDrains; ++i) level.Note(0);
  EXPECT_NE(level.level(), 0);
  EXPECT_LT(level.level(), start);
  for (int i = 0; i < 1000; ++i) level.Note(CompressLevel::kAtEase + 1);  // neither
  EXPECT_LT(level.level(), start);
}

TEST(CompressLevel, StoresWhatDoesNotShrinkAndTriesNowAndThen) {
  CompressLevel level;
  const int start = level.level();
  level.NoteBlock(1000, 500);
  EXPECT_EQ(level.level(), start);
  for (int round = 0; round < 3; ++round) {
    level.NoteBlock(1000, 990);
    for (unsigned i = 0; i < CompressLevel::kProbeEvery; ++i) {
      EXPECT_EQ(level.level(), 0);
      level.NoteBlock(1000, 1001);
    }
    EXPECT_EQ(level.level(), start);  // a probe
  }
  level.NoteBlock(1000, 100);
  EXPECT_EQ(level.level(), start);
}

}  // namespace
}  // namespace tapiary::uplink
