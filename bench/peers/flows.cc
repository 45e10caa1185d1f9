// Verb flows: what so many tracked flows cost in memory.
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>

#include "bench/peers/tool.h"
#include "bench/support/memory_source.h"
#include "bench/support/traffic.h"
#include "capture/flow/flow.h"
#include "capture/meter.h"

namespace tapiary::bench {
namespace {

std::uint64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

int MeasureFlows(Args args) {
  TrafficOptions mix;
  mix.flows = mix.frames = std::strtoull(args[0].c_str(), nullptr, 10);
  const Traffic traffic(mix);
  const std::uint64_t before = ResidentBytes();
  capture::MeterOptions options;
  options.max_flows = mix.flows;
  capture::Meter meter(options);
  MemorySource source(traffic);
  source.Allow(traffic.size());
  source.CloseInput();
  auto batch = std::make_unique<capture::PacketBatch>();
  std::array<capture::FlowHandle, capture::kBatchSize> handles;
  while (*source.Next(*batch, 0) == capture::NextState::kPackets) {
    meter.Process(*batch, source.interfaces(), handles);
    for (std::uint32_t i = 0; i < batch->count; ++i) meter.NoteBlock(handles[i], 1);
  }
  const std::uint64_t bytes = ResidentBytes() - before;
  const std::uint64_t active = meter.stats().active_flows;
  std::printf("{\"flows\": %llu, \"bytes\": %llu, \"hot\": %zu, \"cold\": %zu}\n",
              static_cast<unsigned long long>(active), static_cast<unsigned long long>(bytes),
              sizeof(capture::FlowHot), sizeof(capture::FlowCold));
  std::fflush(stdout);
  return active == traffic.flows() ? 0 : 1;
}

}  // namespace tapiary::bench
