// Verbs spool and ack: the durable spool under load, as the sensor drives it.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "bench/peers/load.h"
#include "bench/peers/tool.h"
#include "bench/support/memory_source.h"
#include "bench/support/traffic.h"
#include "capture/engine.h"
#include "uplink/spool_writer.h"

namespace tapiary::bench {
namespace {

using uplink::Kind;

std::unique_ptr<uplink::Spool> Open(const std::string& folder) {
  uplink::SpoolOptions options;
  options.path = folder;
  options.max_bytes = std::int64_t{1} << 40;
  options.evidence = true;  // as the sensor has it
  auto spool = uplink::Spool::Open(options);
  if (!spool) {
    std::fprintf(stderr, "bench_tool: %s\n", spool.error().ToString().c_str());
    return nullptr;
  }
  return std::move(*spool);
}

// Packets in the spool, by its own rows; takes them out.
std::uint64_t StoredPackets(uplink::Spool& spool, std::uint64_t& body_bytes) {
  std::uint64_t packets = 0;
  for (;;) {
    const auto item = spool.Next(Kind::kPackets);
    if (!item || !*item) return packets;
    packets += (**item).packets;
    body_bytes += (**item).body.size();
    if (!spool.Acknowledge(**item)) return packets;
  }
}

}  // namespace

int LoadSpool(Args args) {
  const std::uint64_t bytes = std::strtoull(args[1].c_str(), nullptr, 10) << 20;
  TrafficOptions mix;
  mix.flows = 1'000;
  mix.frames = 40'000;  // longer than any compression window here
  mix.frame_bytes = 1514;
  mix.incompressible = true;
  const Traffic traffic(mix);
  const auto spool = Open(args[0]);
  if (!spool) return 1;
  auto owned = std::make_unique<MemorySource>(traffic);
  MemorySource& source = *owned;
  std::vector<std::unique_ptr<capture::PacketSource>> sources;
  sources.push_back(std::move(owned));
  capture::EngineOptions options;
  options.meter.epoch = spool->epoch();
  capture::Engine engine(options, std::move(sources));
  uplink::SpoolWriter writer({}, engine, *spool, [] { return std::string("ok"); });
  source.Allow(bytes / mix.frame_bytes);
  source.CloseInput();

  const LoadMeter meter;
  if (!engine.Start()) return 1;
  writer.Start();
  while (!writer.drained()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const LoadFigures figures = meter.Read();
  engine.Stop();
  if (!writer.Stop(base::kNanosPerSecond)) return 1;
  std::uint64_t body_bytes = 0;
  const bool right = StoredPackets(*spool, body_bytes) == source.sent();
  PrintLoad(body_bytes, figures, right);
  return right ? 0 : 1;
}

int AckSpool(Args args) {
  const std::uint64_t items = std::strtoull(args[1].c_str(), nullptr, 10);
  constexpr std::size_t kItemBytes = 1'000;  // a small batch of records
  constexpr std::uint64_t kPerRound = 5'000;
  constexpr int kSettleRounds = 20;
  const auto spool = Open(args[0]);
  if (!spool) return 1;
  for (std::uint64_t done = 0; done < items; done += kPerRound) {
    uplink::Round round;
    for (std::uint64_t i = done; i < std::min(items, done + kPerRound); ++i) {
      round.flows.emplace_back([](std::uint64_t epoch, std::uint64_t seq, const uplink::Seal*) {
        std::string body(kItemBytes, static_cast<char>(seq * 31 + epoch));
        return body;
      });
    }
    if (!spool->Write(round)) return 1;
  }
  const std::uint64_t peak = spool->status().disk_bytes;
  const LoadMeter meter;
  std::uint64_t taken = 0;
  for (auto item = spool->Next(Kind::kFlows); item && *item; item = spool->Next(Kind::kFlows)) {
    if (!spool->Acknowledge(**item)) return 1;
    ++taken;
  }
  const LoadFigures figures = meter.Read();
  if (!spool->Write({})) return 1;
  const LoadMeter next_meter;
  const bool empty = !spool->Next(Kind::kFlows).value();
  const double next_ms = next_meter.Read().seconds * 1e3;
  // With one more item in it: the look-up has to find it behind all that was deleted.
  uplink::Round last;
  last.flows.emplace_back(
      [](std::uint64_t, std::uint64_t, const uplink::Seal*) { return std::string("last"); });
  if (!spool->Write(last)) return 1;
  const LoadMeter found_meter;
  const auto found = spool->Next(Kind::kFlows).value();
  const double found_ms = found_meter.Read().seconds * 1e3;
  // The sensor writes a round each half second; files go on the way.
  std::uint64_t after = spool->status().disk_bytes;
  const LoadMeter settle_meter;
  for (int i = 0; i < kSettleRounds && after * 10 >= peak; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    if (!spool->Write({})) return 1;
    after = spool->status().disk_bytes;
  }
  const double settled = settle_meter.Read().seconds;
  const bool right = empty && taken == items && found && found->body == "last";
  std::printf(
      "{\"items\": %llu, \"right\": %s, \"ack_seconds\": %.3f, \"ack_cpu\": %.3f, \"next_ms\": "
      "%.4f, \"peak\": %llu, \"after\": %llu, \"settled\": %.1f}\n",
      static_cast<unsigned long long>(taken), right ? "true" : "false", figures.seconds,
      figures.cpu, std::max(next_ms, found_ms), static_cast<unsigned long long>(peak),
      static_cast<unsigned long long>(after), settled);
  return right ? 0 : 1;
}

}  // namespace tapiary::bench
