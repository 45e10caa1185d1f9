// The block builder alone: each packet copied once into the current block as pcapng, and the raw
// copy that it cannot do without.
//
//   BM_Append/BYTES   frames of so many bytes; 0: IMIX
//   BM_Copy/BYTES     memcpy of the same frames into a block of the same size
//   BM_Compress/BYTES/LEVEL  a full block through zstd; 0 stores. `ratio`: of the sizes
//
// Items are packets. One core.
#include "capture/segment/block_builder.h"

#include <benchmark/benchmark.h>

#include <cstring>
#include <utility>
#include <vector>

#include "bench/support/traffic.h"
#include "capture/segment/segment.h"

namespace tapiary::bench {
namespace {

Traffic Frames(std::int64_t frame_bytes) {
  TrafficOptions mix;
  mix.flows = 1'000;
  mix.frames = 4'096;
  mix.frame_bytes = static_cast<std::uint32_t>(frame_bytes);
  return Traffic(mix);
}

void BM_Append(benchmark::State& state) {
  const Traffic traffic = Frames(state.range(0));
  capture::InterfaceInfo interface;
  interface.name = "memory0";
  capture::BlockBuilder builder(0, interface, "bench");
  builder.Begin(std::move(capture::MakeBlocks(1, capture::kDefaultBlockBytes).front()));
  std::uint64_t stored = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < traffic.size(); ++i) {
      capture::Packet packet;
      packet.bytes = traffic.frame(i);
      packet.wire_length = static_cast<std::uint32_t>(packet.bytes.size());
      packet.time_ns = static_cast<std::int64_t>(1'700'000'000'000'000'000 + i);
      if (!builder.Fits(packet)) {
        auto block = builder.Close();
        stored += block->packets;
        builder.Begin(std::move(block));
      }
      builder.Append(packet);
    }
  }
  stored += builder.packets_in_block();
  const auto items = static_cast<std::uint64_t>(state.iterations()) * traffic.size();
  if (stored != items) state.SkipWithError("packets are missing");
  state.SetItemsProcessed(static_cast<std::int64_t>(items));
}
BENCHMARK(BM_Append)->Arg(60)->Arg(0)->Arg(1514);

void BM_Copy(benchmark::State& state) {
  const Traffic traffic = Frames(state.range(0));
  std::vector<std::uint8_t> block(capture::kDefaultBlockBytes);
  std::size_t used = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < traffic.size(); ++i) {
      const base::Bytes frame = traffic.frame(i);
      if (used + frame.size() > block.size()) used = 0;
      std::memcpy(&block[used], frame.data(), frame.size());
      used += frame.size();
      benchmark::ClobberMemory();
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(traffic.size()));
}
BENCHMARK(BM_Copy)->Arg(60)->Arg(0)->Arg(1514);

// 1,514-byte frames have random payload: what the level's choice must not waste time on.
void BM_Compress(benchmark::State& state) {
  TrafficOptions mix;
  mix.flows = 1'000;
  mix.frames = 40'000;  // more than a block holds
  mix.frame_bytes = static_cast<std::uint32_t>(state.range(0));
  mix.incompressible = state.range(0) == 1514;
  const Traffic traffic(mix);
  capture::BlockBuilder builder(0, {}, "bench");
  builder.Begin(std::move(capture::MakeBlocks(1, capture::kDefaultBlockBytes).front()));
  for (std::size_t i = 0;; ++i) {
    capture::Packet packet;
    packet.bytes = traffic.frame(i % traffic.size());
    packet.wire_length = static_cast<std::uint32_t>(packet.bytes.size());
    packet.time_ns = static_cast<std::int64_t>(1'700'000'000'000'000'000 + 5'000 * i);
    if (!builder.Fits(packet)) break;
    builder.Append(packet);
  }
  const auto block = builder.Close();
  capture::BlockCompressor compressor;
  std::size_t stored = 0;
  for (auto _ : state) {
    const auto frame = compressor.Compress(*block, static_cast<int>(state.range(1)));
    if (!frame) return state.SkipWithError("not compressed");
    stored = frame->size();
  }
  state.counters["ratio"] = static_cast<double>(block->data.size()) / static_cast<double>(stored);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(block->packets));
}
BENCHMARK(BM_Compress)->ArgsProduct({{60, 0, 1514}, {0, -3, -1, 1, 6}});

}  // namespace
}  // namespace tapiary::bench
