// The spool's calls, one at a time: what a round, a look-up and an acknowledgement take.
//
//   BM_SpoolPutPackets/BLOCKS   a round of so many blocks of 512 KiB: durable when it returns
//   BM_SpoolPutItems/ITEMS      a round of so many flow items of 4 KiB
//   BM_SpoolDigest/BLOCKS       of the first, what the evidence adds: the digest of their bytes
//   BM_SpoolNextAck             the oldest item taken and acknowledged
//
// Items are blocks or items. Wall time: the disk is part of it. In TMPDIR, or /var/tmp.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "base/digest.h"
#include "base/text.h"
#include "uplink/spool/spool.h"

namespace tapiary::bench {
namespace {

using uplink::Kind;

class SpoolFolder {
 public:
  SpoolFolder() {
    const char* const parent = std::getenv("TMPDIR");
    std::string name = std::string(parent != nullptr ? parent : "/var/tmp") + "/spool-bench-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) return;
    path_ = name;
    uplink::SpoolOptions options;
    options.path = name + "/spool";
    options.max_bytes = std::int64_t{2} << 30;  // the oldest goes, however long the bench runs
    auto opened = uplink::Spool::Open(options);
    if (opened) spool_ = std::move(*opened);
  }
  ~SpoolFolder() {
    spool_.reset();
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  SpoolFolder(const SpoolFolder&) = delete;
  SpoolFolder& operator=(const SpoolFolder&) = delete;
  [[nodiscard]] uplink::Spool* spool() const { return spool_.get(); }

 private:
  std::string path_;
  std::unique_ptr<uplink::Spool> spool_;
};

std::string RandomText(std::size_t bytes) {
  std::mt19937 random(1);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

void AddItems(uplink::Round& round, std::int64_t count, const std::string& body) {
  for (std::int64_t i = 0; i < count; ++i) {
    round.flows.emplace_back(
        [&body](std::uint64_t, std::uint64_t, const uplink::Seal*) { return body; });
  }
}

void BM_SpoolPutPackets(benchmark::State& state) {
  const SpoolFolder folder;
  if (folder.spool() == nullptr) return state.SkipWithError("no spool");
  uplink::StoredBlock block;
  block.interface = "memory0";
  block.packets = 5'000;
  block.raw_bytes = 512 * 1024;
  block.frame = RandomText(512 * 1024);
  for (auto _ : state) {
    uplink::Round round;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      round.blocks.push_back(block);
      ++block.number;
    }
    if (!folder.spool()->Write(round)) return state.SkipWithError("not written");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * state.range(0) * 512 * 1024);
}
BENCHMARK(BM_SpoolPutPackets)->Arg(1)->Arg(8)->UseRealTime()->Unit(benchmark::kMillisecond);

// docs/formats/evidence.md: in the commit thread, once a stored byte.
void BM_SpoolDigest(benchmark::State& state) {
  const std::string frame = RandomText(512 * 1024);
  for (auto _ : state) {
    base::Sha256 digest;
    for (std::int64_t i = 0; i < state.range(0); ++i) digest.Update(base::AsBytes(frame));
    benchmark::DoNotOptimize(digest.Finish());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * state.range(0) * 512 * 1024);
}
BENCHMARK(BM_SpoolDigest)->Arg(1)->Arg(8)->Unit(benchmark::kMillisecond);

void BM_SpoolPutItems(benchmark::State& state) {
  const SpoolFolder folder;
  if (folder.spool() == nullptr) return state.SkipWithError("no spool");
  const std::string body = RandomText(4096);
  for (auto _ : state) {
    uplink::Round round;
    AddItems(round, state.range(0), body);
    if (!folder.spool()->Write(round)) return state.SkipWithError("not written");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_SpoolPutItems)->Arg(1)->Arg(100)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_SpoolNextAck(benchmark::State& state) {
  const SpoolFolder folder;
  if (folder.spool() == nullptr) return state.SkipWithError("no spool");
  const std::string body = RandomText(4096);
  std::int64_t waiting = 0;
  for (auto _ : state) {
    if (waiting == 0) {
      state.PauseTiming();
      uplink::Round round;
      AddItems(round, 1'000, body);
      if (!folder.spool()->Write(round)) return state.SkipWithError("not written");
      waiting = 1'000;
      state.ResumeTiming();
    }
    const auto item = folder.spool()->Next(Kind::kFlows);
    if (!item || !*item || (**item).body != body) return state.SkipWithError("not the item");
    if (!folder.spool()->Acknowledge(**item)) return state.SkipWithError("not acknowledged");
    --waiting;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_SpoolNextAck)->UseRealTime();

}  // namespace
}  // namespace tapiary::bench
