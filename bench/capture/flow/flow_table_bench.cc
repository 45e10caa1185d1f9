// The flow table alone: look-ups in batches of 64 with prefetch, as the meter does them, and the
// update of counters; all flows are there. Random order.
//
//   BM_FlowTable/FLOWS   1,000 to 10,000,000
//
// Items are packets. One core.
#include "capture/flow/flow_table.h"

#include <benchmark/benchmark.h>

#include <array>
#include <cstring>

namespace tapiary::bench {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::uint64_t kSeed = 0x5eed;

capture::FlowKey KeyOf(std::uint32_t flow) {
  capture::FlowKey key;
  key.low[0] = 10;
  std::memcpy(&key.low[4 - sizeof(flow) + 1], &flow, 3);
  key.high[0] = 11;
  key.low_port = static_cast<std::uint16_t>(20'000 + (flow >> 24));
  key.high_port = 8080;
  key.proto = 17;
  key.ip_version = 4;
  key.kind = capture::KeyKind::kIpPorts;
  return key;
}

struct Batch {
  std::array<capture::FlowKey, kBatch> keys;
  std::array<std::uint64_t, kBatch> hashes;
};

// Cheap: the bench is of the table.
std::uint32_t NextFlow(std::uint64_t& random, std::size_t flows) {
  random = random * 6364136223846793005 + 1442695040888963407;
  return static_cast<std::uint32_t>((random >> 32) * flows >> 32);
}

// One packet each for random flows; returns how many were found.
std::size_t CountBatch(capture::FlowTable& table, Batch& batch, std::uint64_t& random,
                       std::size_t flows, std::int64_t now_ns) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    batch.keys[i] = KeyOf(NextFlow(random, flows));
    batch.hashes[i] = capture::HashKey(batch.keys[i], kSeed);
    table.Prefetch(batch.hashes[i]);
  }
  for (const std::uint64_t hash : batch.hashes) table.PrefetchFlow(hash);
  std::size_t found = 0;
  for (std::size_t i = 0; i < kBatch; ++i) {
    const std::uint32_t index = table.Find(batch.keys[i], batch.hashes[i]);
    if (index == capture::kNoFlow) continue;
    capture::FlowHot& hot = table.hot(index);
    ++hot.packets[0];
    hot.bytes[0] += 46;
    hot.last_ns = now_ns;
    ++found;
  }
  return found;
}

void BM_FlowTable(benchmark::State& state) {
  const auto flows = static_cast<std::size_t>(state.range(0));
  capture::FlowTable table(flows, 64);
  for (std::size_t i = 0; i < flows; ++i) {
    const capture::FlowKey key = KeyOf(static_cast<std::uint32_t>(i));
    table.Insert(key, capture::HashKey(key, kSeed), 1);
  }
  std::uint64_t random = 1;
  Batch batch;
  std::size_t found = 0;
  std::int64_t done = 0;
  for (auto _ : state) {
    for (int i = 0; i < 100; ++i) found += CountBatch(table, batch, random, flows, done);
    done += 100 * kBatch;
  }
  if (found != static_cast<std::size_t>(done)) state.SkipWithError("a flow was not found");
  state.SetItemsProcessed(done);
}
BENCHMARK(BM_FlowTable)->RangeMultiplier(10)->Range(1'000, 10'000'000);

}  // namespace
}  // namespace tapiary::bench
