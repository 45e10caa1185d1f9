// Commands go through the spool at once: alerts wait for them.
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <mutex>
#include <thread>

#include "tests/capture/support/packet_builder.h"
#include "tests/support/timing.h"
#include "tests/uplink/support/spool_fixture.h"
#include "uplink/spool_writer.h"

namespace tapiary::uplink {
namespace {

using capture::test::PacketBuilder;

constexpr std::int64_t kMilli = base::kNanosPerMilli;

// A live link on which a Modbus client asks what the test tells it to.
class ModbusLink : public capture::PacketSource {
 public:
  ModbusLink() {
    interfaces_.resize(1);
    interfaces_[0].name = "fake0";
  }
  void Ask(std::string_view pdu) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(Frame(pdu, true));
    waiting_.push_back(Frame(pdu, false));  // what is written is echoed
    ++asked_;
  }
  base::Result<> Open() override { return {}; }
  base::Result<capture::NextState> Next(capture::PacketBatch& batch, int) override {
    batch.count = 0;
    if (!Take()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    for (const auto& frame : handed_) {
      capture::Packet& packet = batch.packets[batch.count++];
      packet = {};
      packet.bytes = frame;
      packet.wire_length = static_cast<std::uint32_t>(frame.size());
      packet.time_ns = base::WallNow();
    }
    received_ += batch.count;
    return batch.count > 0 ? capture::NextState::kPackets : capture::NextState::kIdle;
  }
  const std::vector<capture::InterfaceInfo>& interfaces() const override { return interfaces_; }
  std::string name() const override { return "fake0"; }
  capture::SourceStats stats() const override {
    capture::SourceStats stats;
    stats.received = received_;
    return stats;
  }

 private:
  bool Take() {
    const std::lock_guard lock(mutex_);
    handed_.clear();
    while (!waiting_.empty() && handed_.size() < capture::kBatchSize) {
      handed_.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    return !handed_.empty();
  }
  std::vector<std::uint8_t> Frame(std::string_view pdu, bool request) {
    const std::vector<std::uint8_t> body = capture::test::Hex(pdu);
    std::vector<std::uint8_t> message{static_cast<std::uint8_t>(asked_ >> 8),
                                      static_cast<std::uint8_t>(asked_),
                                      0,
                                      0,
                                      0,
                                      static_cast<std::uint8_t>(body.size() + 1),
                                      1};
    message.insert(message.end(), body.begin(), body.end());
    const auto offset = static_cast<std::uint32_t>(asked_ * message.size());
    const capture::test::TcpOptions tcp{.seq = 1000 + offset, .ack = 1000 + offset};
    PacketBuilder frame;
    if (request) {
      frame.Eth().Ipv4("192.0.2.9", "10.0.0.1").Tcp(40000, 502, tcp);
    } else {
      frame.Eth().Ipv4("10.0.0.1", "192.0.2.9").Tcp(502, 40000, tcp);
    }
    return frame.Data(message).Build();
  }

  std::mutex mutex_;
  std::deque<std::vector<std::uint8_t>> waiting_;  // guarded by mutex_
  std::size_t asked_ = 0;                          // guarded by mutex_
  std::vector<std::vector<std::uint8_t>> handed_;  // the engine's
  std::uint64_t received_ = 0;
  std::vector<capture::InterfaceInfo> interfaces_;
};

constexpr std::string_view kWrite = "06 0010 0001";
constexpr std::string_view kRead = "03 0010 0001";

class SpoolCommandTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.sync_ns = 10 * base::kNanosPerSecond;  // none of these comes within a test
    options_.batch_ns = 60 * base::kNanosPerSecond;
    spool_ = OpenSpool(OptionsAt(folder_.path() + "/spool"));
    auto link = std::make_unique<ModbusLink>();
    link_ = link.get();
    std::vector<std::unique_ptr<capture::PacketSource>> sources;
    sources.push_back(std::move(link));
    capture::EngineOptions engine;
    engine.meter.epoch = spool_->epoch();
    engine_ = std::make_unique<capture::Engine>(engine, std::move(sources));
    writer_ = std::make_unique<SpoolWriter>(options_, *engine_, *spool_,
                                            [] { return std::string("ok"); });
    ASSERT_TRUE(engine_->Start());
    writer_->Start();
  }
  void TearDown() override {
    engine_->Stop();
    EXPECT_TRUE(writer_->Stop(base::kNanosPerSecond));
  }
  // Takes what is in the spool; facts items that hold transactions are counted.
  std::size_t Transactions() {
    while (const auto item = spool_->Next(Kind::kFacts).value()) {
      const auto batch = DecodeFacts(base::AsBytes(item->body));
      EXPECT_TRUE(batch);
      if (!batch->transactions.empty()) ++items_;
      transactions_ += batch->transactions.size();
      EXPECT_TRUE(spool_->Acknowledge(*item));
    }
    return transactions_;
  }

  TempFolder folder_;
  WriterOptions options_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<capture::Engine> engine_;
  std::unique_ptr<SpoolWriter> writer_;
  ModbusLink* link_ = nullptr;
  std::size_t items_ = 0;
  std::size_t transactions_ = 0;
};

TEST_F(SpoolCommandTest, ACommandWaitsForNoBatch) {
  std::size_t asked = 0;
  const std::int64_t best_ns = timing::Shortest(500 * kMilli, [&] {
    return timing::Measure([&] {
      link_->Ask(kWrite);
      ++asked;
      EXPECT_TRUE(timing::Comes([&] { return Transactions() == asked; }));
    });
  });
  EXPECT_LT(best_ns, 500 * kMilli);
}

TEST_F(SpoolCommandTest, ReadsWaitAndGoAlong) {
  link_->Ask(kWrite);  // from now on the writer is known to run
  ASSERT_TRUE(timing::Comes([&] { return Transactions() == 1; }));
  link_->Ask(kRead);
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_EQ(Transactions(), 1u);
  link_->Ask(kWrite);
  ASSERT_TRUE(timing::Comes([&] { return Transactions() == 3; }));
  EXPECT_EQ(items_, 2u);
}

TEST_F(SpoolCommandTest, AFloodMakesFewRounds) {
  constexpr std::size_t kCommands = 2000;
  const std::int64_t took_ns = timing::Measure([&] {
    for (std::size_t i = 0; i < kCommands; ++i) {
      link_->Ask(kWrite);
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
    EXPECT_TRUE(timing::Comes([&] { return Transactions() == kCommands; }));
  });
  // One each 200 ms, and those that were full before.
  EXPECT_LE(items_, static_cast<std::size_t>(took_ns / options_.command_ns) + 2 + kCommands / 1000);
}

}  // namespace
}  // namespace tapiary::uplink
