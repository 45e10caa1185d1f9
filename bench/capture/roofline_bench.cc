// The limit that packet-path figures are held against: a bare loop that does what no meter and
// recorder can leave out, and nothing else. Per frame: a hash of the addresses and ports, one flow
// found and updated in an open-addressing table, one copy into a block. In batches of 64 with
// prefetch. No checks, no decoding, no time, no records, no second thread.
//
//   BM_Roofline/FLOWS/BYTES   the same frames as BM_Engine/FLOWS/BYTES
//
// Items are packets. One core.
#include <benchmark/benchmark.h>

#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "bench/support/traffic.h"

namespace tapiary::bench {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kBlockBytes = 512 * 1024;
constexpr std::size_t kRecordHeader = 32;  // as long as pcapng's around a packet
constexpr std::size_t kAddresses = 26;     // in the frame: addresses, then ports

// Half a cache line: the key, then what is counted.
struct Flow {
  std::uint64_t addresses = 0;
  std::uint32_t ports = 0;
  std::uint32_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t last = 0;
};
static_assert(sizeof(Flow) == 32);

struct Key {
  std::uint64_t addresses;
  std::uint32_t ports;
};

// The lower end first, so that both directions are one flow.
Key KeyOf(const std::uint8_t* frame) {
  std::uint32_t word[3];
  std::memcpy(word, frame + kAddresses, sizeof(word));
  if (word[0] <= word[1]) return {std::uint64_t{word[0]} << 32 | word[1], word[2]};
  return {std::uint64_t{word[1]} << 32 | word[0], std::rotl(word[2], 16)};
}

std::uint64_t Hash(const Key& key) {
  const std::uint64_t mixed = (key.addresses ^ key.ports * 0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93;
  return mixed ^ mixed >> 32;
}

class Loop {
 public:
  Loop(const Traffic& traffic)
      : traffic_(traffic), table_(std::bit_ceil(traffic.flows() * 2)), block_(kBlockBytes) {}

  void Batch() {
    std::array<const std::uint8_t*, kBatch> frames;
    std::array<std::size_t, kBatch> sizes;
    std::array<Key, kBatch> keys;
    std::array<std::uint64_t, kBatch> hashes;
    const std::uint64_t mask = table_.size() - 1;
    for (std::size_t i = 0; i < kBatch; ++i) {
      const base::Bytes bytes = traffic_.frame(at_);
      if (++at_ == traffic_.size()) at_ = 0;
      frames[i] = bytes.data();
      sizes[i] = bytes.size();
      keys[i] = KeyOf(bytes.data());
      hashes[i] = Hash(keys[i]) & mask;
      __builtin_prefetch(&table_[hashes[i]], 1);
    }
    for (std::size_t i = 0; i < kBatch; ++i) {
      Flow& flow = Find(keys[i], hashes[i], mask);
      ++flow.packets;
      flow.bytes += sizes[i];
      flow.last = ++clock_;
      const std::size_t need = kRecordHeader + (sizes[i] + 3) / 4 * 4;
      if (used_ + need > kBlockBytes) used_ = 0;
      std::memcpy(&block_[used_ + kRecordHeader], frames[i], sizes[i]);
      used_ += need;
    }
    benchmark::ClobberMemory();
  }

  // Packets and flows that the table holds.
  [[nodiscard]] std::pair<std::uint64_t, std::size_t> Count() const {
    std::pair<std::uint64_t, std::size_t> count{0, 0};
    for (const Flow& flow : table_) {
      count.first += flow.packets;
      count.second += flow.packets != 0 ? 1u : 0u;
    }
    return count;
  }
  [[nodiscard]] std::uint64_t done() const { return clock_; }

 private:
  Flow& Find(const Key& key, std::uint64_t at, std::uint64_t mask) {
    for (;; at = (at + 1) & mask) {
      Flow& flow = table_[at];
      if (flow.addresses == key.addresses && flow.ports == key.ports) return flow;
      if (flow.packets != 0) continue;
      flow.addresses = key.addresses;
      flow.ports = key.ports;
      return flow;
    }
  }

  const Traffic& traffic_;
  std::vector<Flow> table_;
  std::vector<std::uint8_t> block_;
  std::size_t at_ = 0;
  std::size_t used_ = 0;
  std::uint64_t clock_ = 0;
};

void BM_Roofline(benchmark::State& state) {
  TrafficOptions mix;
  mix.flows = static_cast<std::size_t>(state.range(0));
  mix.frames = std::max<std::size_t>(mix.flows * 2, 100'000);
  mix.frame_bytes = static_cast<std::uint32_t>(state.range(1));
  const Traffic traffic(mix);
  Loop loop(traffic);
  while (loop.done() < traffic.size()) loop.Batch();
  const std::uint64_t before = loop.done();
  for (auto _ : state) {
    for (int i = 0; i < 15'625; ++i) loop.Batch();  // a million packets
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(loop.done() - before));
  if (loop.Count() != std::pair(loop.done(), traffic.flows())) {
    state.SkipWithError("the table counted wrongly");
  }
}
BENCHMARK(BM_Roofline)
    ->Args({1'000, 60})
    ->Args({10'000, 60})
    ->Args({100'000, 60})
    ->Args({1'000'000, 60})
    ->Args({10'000, 0})
    ->Args({10'000, 1514})
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tapiary::bench
