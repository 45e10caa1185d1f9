// Counts allocations on the packet path, by an operator new of its own: none for a packet of a flow
// that is there (design.md section 4). A program of its own for that reason.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>
#include <utility>

#include "capture/engine.h"
#include "tests/capture/support/meter_run.h"
#include "tests/capture/support/packet_builder.h"

namespace {
std::atomic<std::uint64_t> allocations{0};

void* Allocate(std::size_t size, std::size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* const memory =
      alignment <= alignof(std::max_align_t)
          ? std::malloc(size)
          : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) std::abort();
  return memory;
}
}  // namespace

void* operator new(std::size_t size) {
  return Allocate(size, 1);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace tapiary::capture {
namespace {

using test::kStart;
using test::PacketBuilder;
using test::PacketList;

constexpr int kFlows = 200;

std::string Host(int number) {
  return "10.1." + std::to_string(number / 200) + "." + std::to_string(number % 200 + 1);
}

std::vector<std::uint8_t> Frame(int flow, bool reply, std::uint16_t id) {
  const std::string client = Host(flow);
  const std::string server = "10.2.0.1";
  const std::string& from = reply ? server : client;
  const std::string& to = reply ? client : server;
  PacketBuilder builder;
  builder.Eth();
  if (flow % 4 == 1) builder.Vlan(7);
  if (flow % 4 == 2) {
    builder.Ipv6(reply ? "fd00::2" : "fd00::1", reply ? "fd00::1" : "fd00::2");
    const auto port = static_cast<std::uint16_t>(1024 + flow);
    return builder.Udp(reply ? 8080 : port, reply ? port : 8080)
        .Data(std::vector<std::uint8_t>{static_cast<std::uint8_t>(id),
                                        static_cast<std::uint8_t>(id >> 8)})
        .Build();
  }
  builder.Ipv4(from, to, {.id = id});
  if (flow % 4 == 3)
    return builder.Tcp(reply ? 8080 : 40000, reply ? 40000 : 8080, {.flags = 0x10}).Pad(60).Build();
  return builder.Udp(reply ? 8080 : 40000, reply ? 40000 : 8080).Data("00112233").Pad(60).Build();
}

// `laps` packets a flow, in turn.
void Fill(PacketList& list, int flows, int laps) {
  std::int64_t time = kStart;
  for (int lap = 0; lap < laps; ++lap) {
    for (int flow = 0; flow < flows; ++flow) {
      list.Add(Frame(flow, lap % 2 == 1, static_cast<std::uint16_t>(lap)), time += 1000);
    }
  }
}

// The worker's path without its thread: meter, block builder, a pool of blocks.
class PacketPath {
 public:
  explicit PacketPath(const MeterOptions& options)
      : meter_(options),
        builder_(0, interfaces_[0], "test"),
        blocks_(MakeBlocks(1, kMinBlockBytes)) {}

  // All packets, `shift` ns later than the list says.
  void Pass(const std::vector<Packet>& packets, std::int64_t shift) {
    for (std::size_t at = 0; at < packets.size(); at += kBatchSize) {
      batch_.count = static_cast<std::uint32_t>(std::min(kBatchSize, packets.size() - at));
      for (std::uint32_t i = 0; i < batch_.count; ++i) {
        batch_.packets[i] = packets[at + i];
        batch_.packets[i].time_ns += shift;
      }
      meter_.Process(batch_, interfaces_, handles_);
      for (std::uint32_t i = 0; i < batch_.count; ++i) Store(i);
      meter_.Drain(records_);
    }
  }
  void Finish() {
    meter_.Finish(EndReason::kIdle);
    meter_.Drain(records_);
  }
  [[nodiscard]] const RecordBatch& records() const { return records_; }
  [[nodiscard]] MeterStats stats() const { return meter_.stats(); }

 private:
  void Store(std::uint32_t i) {
    if (builder_.HasBlock() && !builder_.Fits(batch_.packets[i])) blocks_[0] = builder_.Close();
    if (!builder_.HasBlock()) builder_.Begin(std::move(blocks_[0]));
    meter_.NoteBlock(handles_[i], builder_.Append(batch_.packets[i]));
  }

  std::vector<InterfaceInfo> interfaces_ = test::EthernetInterfaces(1);
  Meter meter_;
  BlockBuilder builder_;
  std::vector<std::unique_ptr<Block>> blocks_;
  PacketBatch batch_;
  std::array<FlowHandle, kBatchSize> handles_;
  RecordBatch records_;
};

MeterOptions Options(bool labels) {
  MeterOptions options;
  options.labels = labels;
  options.active_timeout_ns = 0;
  return options;
}

TEST(Allocation, ThereIsNoneForAPacketOfAKnownFlow) {
  for (const bool labels : {false, true}) {
    PacketList list;
    Fill(list, kFlows, 64);
    PacketPath path(Options(labels));
    const std::int64_t span = list.packets().size() * 1000;
    // Flows are made, the decoders have given up on them, and the first 64 blocks are full.
    constexpr int kWarmUp = 20;
    for (int lap = 0; lap < kWarmUp; ++lap) path.Pass(list.packets(), lap * span);
    const std::uint64_t before = allocations.load();
    for (int lap = kWarmUp; lap < 2 * kWarmUp; ++lap) path.Pass(list.packets(), lap * span);
    EXPECT_EQ(allocations.load() - before, 0u) << (labels ? "with labels" : "without labels");
    EXPECT_EQ(path.stats().flows, static_cast<std::uint64_t>(kFlows));
    EXPECT_EQ(path.stats().keyed_packets, 2 * kWarmUp * list.packets().size());
  }
}

// A flow whose packets lie in every other block has a list of blocks; it grows by doubling, so that
// a packet costs the less the longer the flow lives.
TEST(Allocation, TheListOfBlocksGrowsByDoubling) {
  constexpr int kLaps = 256;
  PacketList list;
  Fill(list, 1, 64);
  Meter meter(Options(false));
  const std::vector<InterfaceInfo> interfaces = test::EthernetInterfaces(1);
  std::array<FlowHandle, kBatchSize> handles;
  PacketBatch batch;
  batch.count = 1;
  const auto pass = [&](int first, int last) {
    for (int lap = first; lap < last; ++lap) {
      batch.packets[0] = list.packets()[static_cast<std::size_t>(lap % 64)];
      batch.packets[0].time_ns = kStart + lap * 1'000'000LL;
      meter.Process(batch, interfaces, handles);
      meter.NoteBlock(handles[0], static_cast<std::uint64_t>(lap) * 2);
    }
  };
  pass(0, 64);
  const std::uint64_t before = allocations.load();
  pass(64, kLaps);
  const std::uint64_t made = allocations.load() - before;
  RecordProperty("allocations_for_192_runs", std::to_string(made));
  EXPECT_LE(made, 4u);
}

// What a flow costs in its life, birth to record: strings of the record, the list of its blocks.
TEST(Allocation, AFlowNeedsFewInItsLife) {
  constexpr int kMany = 2'000;
  PacketList list;
  Fill(list, kMany, 2);
  PacketPath path(Options(false));
  const std::uint64_t before = allocations.load();
  path.Pass(list.packets(), 0);
  const std::uint64_t born = allocations.load();
  path.Finish();
  const std::uint64_t ended = allocations.load();
  ASSERT_EQ(path.records().flows.size(), static_cast<std::size_t>(kMany));
  const double at_birth = static_cast<double>(born - before) / kMany;
  const double at_end = static_cast<double>(ended - born) / kMany;
  RecordProperty("allocations_while_it_lives", std::to_string(at_birth));
  RecordProperty("allocations_at_its_end", std::to_string(at_end));
  EXPECT_LE(at_birth, 1.5);
  EXPECT_LE(at_end, 6.0);
}

// Hands out the list again and again, as a file does.
class RepeatingSource final : public PacketSource {
 public:
  RepeatingSource(const std::vector<Packet>& packets, std::uint64_t laps)
      : packets_(packets), laps_(laps), interfaces_(test::EthernetInterfaces(1)) {}
  base::Result<> Open() override { return {}; }
  [[nodiscard]] std::string name() const override { return "repeating"; }
  [[nodiscard]] bool live() const override { return false; }
  [[nodiscard]] const std::vector<InterfaceInfo>& interfaces() const override {
    return interfaces_;
  }
  [[nodiscard]] SourceStats stats() const override { return {}; }
  base::Result<NextState> Next(PacketBatch& batch, int) override {
    if (at_ == packets_.size()) {
      at_ = 0;
      lap_.fetch_add(1, std::memory_order_release);
    }
    if (lap_.load(std::memory_order_relaxed) == laps_) return NextState::kEnd;
    batch.count = static_cast<std::uint32_t>(std::min(kBatchSize, packets_.size() - at_));
    const std::int64_t shift = static_cast<std::int64_t>(lap() * packets_.size()) * 1000;
    for (std::uint32_t i = 0; i < batch.count; ++i) {
      batch.packets[i] = packets_[at_ + i];
      batch.packets[i].time_ns += shift;
    }
    at_ += batch.count;
    return NextState::kPackets;
  }
  [[nodiscard]] std::uint64_t lap() const { return lap_.load(std::memory_order_acquire); }

 private:
  const std::vector<Packet>& packets_;
  const std::uint64_t laps_;
  std::vector<InterfaceInfo> interfaces_;
  std::size_t at_ = 0;
  std::atomic<std::uint64_t> lap_{0};
};

// The thread around it publishes its state ten times a second: by time, not by packet.
TEST(Allocation, AWorkerNeedsSomeByTimeAndNoneByPacket) {
  constexpr std::uint64_t kLaps = 40;
  PacketList list;
  Fill(list, kFlows, 64);
  auto owned = std::make_unique<RepeatingSource>(list.packets(), kLaps);
  const RepeatingSource& source = *owned;
  std::vector<std::unique_ptr<PacketSource>> sources;
  sources.push_back(std::move(owned));
  EngineOptions options;
  options.meter = Options(false);
  Engine engine(options, std::move(sources));
  ASSERT_TRUE(engine.Start());
  const auto take_until = [&](std::uint64_t lap) {
    while (source.lap() < lap) {
      while (auto block = engine.TakeBlock()) engine.ReturnBlock(std::move(block));
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  };
  take_until(2);
  const std::uint64_t before = allocations.load();
  const auto start = std::chrono::steady_clock::now();
  take_until(kLaps - 2);
  const std::uint64_t made = allocations.load() - before;
  const auto publishes =
      (std::chrono::steady_clock::now() - start) / std::chrono::milliseconds(100) + 2;
  take_until(kLaps);
  engine.Stop();
  const double packets = static_cast<double>((kLaps - 4) * list.packets().size());
  RecordProperty("allocations_per_packet", std::to_string(static_cast<double>(made) / packets));
  // And twice a flow, for its rare part and the list of blocks in it.
  EXPECT_LE(made, static_cast<std::uint64_t>(publishes) * 24 + 2 * kFlows);
}

}  // namespace
}  // namespace tapiary::capture
