// The engine from memory: decode, metering and block building of one worker, blocks and records
// handed back at once.
//
//   BM_Engine/FLOWS/BYTES        UDP frames of BYTES (0: IMIX) in FLOWS flows that exist already
//   BM_EngineLabels/FLOWS/BYTES  the same with nDPI, which looks at a flow's first packets only
//   BM_EngineJunk/FLOWS          UDP junk on an OT port, which recognisers look at for longer
//   BM_EngineNewFlows            every packet a flow of its own, ended when the table is full
//
// Items are packets; time is CPU of the whole process, so that items a second are packets of one
// core. The counts of every run are checked before its time counts.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "bench/support/memory_source.h"
#include "bench/support/traffic.h"
#include "capture/engine.h"

namespace tapiary::bench {
namespace {

using namespace std::chrono_literals;

struct Run {
  Run(const Traffic& traffic, const capture::EngineOptions& options) {
    auto owned = std::make_unique<MemorySource>(traffic);
    source = owned.get();
    std::vector<std::unique_ptr<capture::PacketSource>> sources;
    sources.push_back(std::move(owned));
    engine = std::make_unique<capture::Engine>(options, std::move(sources));
  }
  ~Run() { engine->Stop(); }

  // Lets `packets` through and takes what comes out.
  void Pass(std::uint64_t packets) {
    source->Allow(packets);
    while (source->sent() < source->allowed()) {
      Take();
      std::this_thread::sleep_for(1ms);
    }
  }
  void Take() {
    while (std::unique_ptr<capture::Block> block = engine->TakeBlock()) {
      stored += block->packets;
      engine->ReturnBlock(std::move(block));
    }
    engine->TakeRecords(records);
    for (const capture::FlowRecord& flow : records.flows) {
      metered += flow.orig.packets + flow.resp.packets;
    }
    flows += records.flows.size();
    records.flows.clear();
    records.transactions.clear();
    records.gaps.clear();
  }
  void End() {
    source->CloseInput();
    while (!engine->finished()) {
      Take();
      std::this_thread::sleep_for(1ms);
    }
    engine->Stop();
    Take();
  }

  MemorySource* source = nullptr;
  std::unique_ptr<capture::Engine> engine;
  capture::RecordBatch records;
  std::uint64_t stored = 0, metered = 0, flows = 0;
};

// A profiler zeroes its counts here (callgrind --zero-before).
[[gnu::noinline]] void SteadyStateBegins() {
  benchmark::ClobberMemory();
}

const char* Wrong(const Run& run, std::uint64_t flows) {
  if (run.stored != run.source->sent()) return "not every packet was stored";
  if (run.metered != run.source->sent()) return "not every packet was metered";
  if (run.flows != flows) return "the number of flow records is wrong";
  return nullptr;
}

void RunEngine(benchmark::State& state, const TrafficOptions& mix, capture::EngineOptions options) {
  const Traffic traffic(mix);
  options.meter.max_flows = std::max<std::size_t>(options.meter.max_flows, mix.flows);
  options.meter.active_timeout_ns = 0;
  Run run(traffic, options);
  if (!run.engine->Start()) return state.SkipWithError("the engine does not start");
  // All flows are there then, and recognisers have looked at as many packets as they ever do.
  constexpr std::uint64_t kPacketsAFlow = 8;
  while (run.source->sent() < kPacketsAFlow * traffic.flows()) run.Pass(traffic.size());
  SteadyStateBegins();
  const std::uint64_t before = run.source->sent();
  for (auto _ : state) run.Pass(200'000);
  const std::uint64_t packets = run.source->sent() - before;
  run.End();
  state.SetItemsProcessed(static_cast<std::int64_t>(packets));
  if (const char* const wrong = Wrong(run, traffic.flows())) state.SkipWithError(wrong);
}

TrafficOptions Mix(std::int64_t flows, std::int64_t frame_bytes) {
  TrafficOptions mix;
  mix.flows = static_cast<std::size_t>(flows);
  mix.frames = std::max<std::size_t>(mix.flows * 2, 100'000);
  mix.frame_bytes = static_cast<std::uint32_t>(frame_bytes);
  return mix;
}

void BM_Engine(benchmark::State& state) {
  const capture::EngineOptions options;  // no temporary: GCC 12 then warns of what is none
  RunEngine(state, Mix(state.range(0), state.range(1)), options);
}
BENCHMARK(BM_Engine)
    ->Args({1'000, 60})
    ->Args({10'000, 60})
    ->Args({100'000, 60})
    ->Args({1'000'000, 60})
    ->Args({10'000, 0})
    ->Args({10'000, 1514})
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

void BM_EngineLabels(benchmark::State& state) {
  capture::EngineOptions options;
  options.meter.labels = true;
  RunEngine(state, Mix(state.range(0), state.range(1)), options);
}
BENCHMARK(BM_EngineLabels)
    ->Args({10'000, 60})
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

void BM_EngineJunk(benchmark::State& state) {
  TrafficOptions mix = Mix(state.range(0), 60);
  mix.incompressible = true;
  mix.port = 20000;  // DNP3
  const capture::EngineOptions options;
  RunEngine(state, mix, options);
}
BENCHMARK(BM_EngineJunk)->Arg(10'000)->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

void BM_EngineNewFlows(benchmark::State& state) {
  TrafficOptions mix;
  mix.flows = mix.frames = 200'000;
  const Traffic traffic(mix);
  capture::EngineOptions options;
  options.meter.max_flows = 10'000;  // long gone when the array comes round
  Run run(traffic, options);
  if (!run.engine->Start()) return state.SkipWithError("the engine does not start");
  for (auto _ : state) run.Pass(200'000);
  run.End();
  const std::uint64_t packets = run.source->sent();
  state.SetItemsProcessed(static_cast<std::int64_t>(packets));
  if (const char* const wrong = Wrong(run, packets)) state.SkipWithError(wrong);
}
BENCHMARK(BM_EngineNewFlows)->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tapiary::bench
