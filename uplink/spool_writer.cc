#include "uplink/spool_writer.h"

#include <fmt/core.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "capture/segment/segment.h"
#include "uplink/compress_level.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {

namespace {

constexpr std::chrono::milliseconds kIdleSleep{20};
constexpr std::size_t kBlocksPerDrain = 16;
constexpr std::int64_t kDrainNs = 20 * base::kNanosPerSecond;  // a slow disk that still writes
// A round grows so far while the one before it is on its way to the disk, or cannot be written.
constexpr std::size_t kMaxRoundBytes = 64 << 20;

Encode EncoderOf(std::vector<capture::FlowRecord> flows) {
  // Shared, because a copy costs as much as the encoding.
  return [batch = std::make_shared<FlowBatch>(FlowBatch{0, 0, std::move(flows)})](
             std::uint64_t epoch, std::uint64_t seq, const Seal*) {
    batch->epoch = epoch;
    batch->seq = seq;
    return EncodeFlows(*batch);
  };
}

Encode EncoderOf(FactBatch batch) {
  return [batch = std::move(batch)](std::uint64_t epoch, std::uint64_t seq, const Seal* seal) {
    return EncodeFacts(batch, epoch, seq, seal);
  };
}

// What a person reads of a link that is not up, or not well.
const char* LinkText(capture::LinkTrouble trouble) {
  switch (trouble) {
    case capture::LinkTrouble::kMissing:
      return "interface missing";
    case capture::LinkTrouble::kReplaced:
      return "interface replaced by another; restart to capture from it";
    case capture::LinkTrouble::kSilent:
      return "the interface receives packets, but none is captured";
    case capture::LinkTrouble::kNone:
      break;
  }
  return "link down";
}

// Takes the first `count` elements out of `from`.
template <class T>
std::vector<T> TakeFront(std::vector<T>& from, std::size_t count) {
  count = std::min(count, from.size());
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<T> taken(std::make_move_iterator(from.begin()), std::make_move_iterator(end));
  from.erase(from.begin(), end);
  return taken;
}

// Makes rounds durable on a thread of its own, one by one, so that the next one is compressed while
// the disk takes this one: its few syncs cost 8 ms each, whatever there is to sync. A round that
// failed is kept, and tried again when asked to.
class Committer {
 public:
  explicit Committer(Spool& spool) : spool_(spool), thread_([this] { Loop(); }) {
    pthread_setname_np(thread_.native_handle(), "spool-commit");
  }
  ~Committer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  [[nodiscard]] bool busy() {
    const std::lock_guard lock(mutex_);
    return busy_;
  }
  // What became of the last round.
  base::Result<> Wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return !busy_; });
    return result_;
  }
  // The same, after one more try when it had failed.
  base::Result<> Settle() {
    auto result = Wait();
    if (result) return result;
    Wake();
    return Wait();
  }
  // Only when the last one has settled well.
  void Begin(Round round) {
    round_ = std::move(round);
    Wake();
  }
  // In the round that is kept. Not while busy.
  [[nodiscard]] std::uint64_t packets() const {
    std::uint64_t packets = 0;
    for (const StoredBlock& block : round_.blocks) packets += block.packets;
    return packets;
  }

 private:
  void Wake() {
    {
      const std::lock_guard lock(mutex_);
      busy_ = true;
    }
    wake_.notify_one();
  }
  void Loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return busy_ || stopping_; });
      if (!busy_) return;
      lock.unlock();
      auto result = spool_.Write(round_);
      if (result) round_ = {};
      lock.lock();
      result_ = std::move(result);
      busy_ = false;
      done_.notify_one();
    }
  }

  Spool& spool_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  bool busy_ = false;
  bool stopping_ = false;
  base::Result<> result_;
  Round round_;  // the thread's while busy
  std::thread thread_;
};

enum class Await { kRoom, kDisk };

}  // namespace

struct SpoolWriter::Impl {
  Impl(WriterOptions given, capture::Engine& given_engine, Spool& given_spool,
       UplinkState given_uplink)
      : options(std::move(given)),
        engine(given_engine),
        spool(given_spool),
        uplink(std::move(given_uplink)),
        committer(given_spool) {}

  void Run();
  bool DrainBlocks();
  bool DrainRecords();
  base::Result<StoredBlock> Store(const capture::Block& block);
  [[nodiscard]] bool RecordsDue(std::int64_t now_ns) const;
  void BatchRecords(bool all);
  void AddHealth(std::int64_t now_ns);
  void AddLosses(const std::vector<capture::LedgerRow>& ledger, SensorHealth& health);
  SensorHealth Health(const std::vector<capture::LedgerRow>& ledger);
  base::Result<> WriteRound(bool all, Await await);
  base::Result<> Finish(std::int64_t grace_ns);
  [[nodiscard]] bool Blocked() const { return failing || round_bytes >= kMaxRoundBytes; }
  [[nodiscard]] std::string InterfaceOf(std::uint32_t stream);

  const WriterOptions options;
  capture::Engine& engine;
  Spool& spool;
  const UplinkState uplink;
  std::thread thread;
  std::atomic<bool> stopping{false};
  std::atomic<bool> drained{false};

  // The writer's thread only (after Stop joined it: the owner's).
  Committer committer;
  capture::BlockCompressor compressor;
  CompressLevel level;
  Round round;
  std::size_t round_bytes = 0;
  capture::RecordBatch records;
  std::int64_t records_since_ns = 0;  // steady; 0: none wait
  bool command_waits = false;         // among the records
  std::int64_t last_write_ns = 0;     // steady
  std::int64_t next_health_ns = 0;    // steady
  bool failing = false;
  std::map<std::uint32_t, std::string> interfaces;     // by stream
  std::map<std::string, std::uint64_t> reported_lost;  // packets, by interface
};

// Streams are numbered 256 * source + interface; a live source has one interface.
std::string SpoolWriter::Impl::InterfaceOf(std::uint32_t stream) {
  const auto known = interfaces.find(stream);
  if (known != interfaces.end()) return known->second;
  const auto workers = engine.status();
  const std::size_t source = stream / 256;
  std::string name = source < workers.size() ? workers[source].interface : "";
  interfaces.emplace(stream, name);
  return name;
}

base::Result<StoredBlock> SpoolWriter::Impl::Store(const capture::Block& block) {
  StoredBlock stored;
  stored.stream = block.stream;
  stored.number = block.number;
  stored.interface = InterfaceOf(block.stream);
  stored.packets = block.packets;
  stored.raw_bytes = static_cast<std::uint32_t>(block.data.size());
  stored.first_ns = block.first_ns;
  stored.last_ns = block.last_ns;
  TAPIARY_ASSIGN(stored.frame, compressor.Compress(block, level.level()));
  level.NoteBlock(block.data.size(), stored.frame.size());
  return stored;
}

// True when there may be more.
bool SpoolWriter::Impl::DrainBlocks() {
  if (Blocked()) return false;
  std::size_t taken = 0;
  while (taken < kBlocksPerDrain) {
    std::unique_ptr<capture::Block> block = engine.TakeBlock();
    if (!block) break;
    ++taken;
    auto stored = Store(*block);
    if (stored) {
      round_bytes += stored->frame.size();
      round.blocks.push_back(std::move(*stored));
    } else {
      base::LogError("spool writer: {}", stored.error().message);
      records.gaps.push_back({"packets", InterfaceOf(block->stream), block->first_ns,
                              block->last_ns, block->packets, block->packet_bytes, "compression"});
    }
    engine.ReturnBlock(std::move(block));
  }
  level.Note(taken);
  return taken == kBlocksPerDrain;
}

bool SpoolWriter::Impl::DrainRecords() {
  if (Blocked()) return false;
  bool any = false;
  constexpr int kBatches = 64;
  const auto known = static_cast<std::ptrdiff_t>(records.transactions.size());
  for (int i = 0; i < kBatches && engine.TakeRecords(records); ++i) any = true;
  command_waits =
      command_waits || std::any_of(records.transactions.begin() + known, records.transactions.end(),
                                   [](const auto& one) { return one.command; });
  if (!records.empty() && records_since_ns == 0) records_since_ns = base::SteadyNow();
  return any;
}

// They would be too old in the next round.
bool SpoolWriter::Impl::RecordsDue(std::int64_t now_ns) const {
  return records_since_ns != 0 && now_ns - records_since_ns + options.sync_ns >= options.batch_ns;
}

// Moves records into items of the round: full batches at once, the rest when `all` or old enough,
// and facts as soon as there is a command among them, since alerts wait for it.
void SpoolWriter::Impl::BatchRecords(bool all) {
  const bool due = all || RecordsDue(base::SteadyNow());
  const bool facts_due = due || command_waits;
  const std::size_t count = options.batch_records;
  while (records.flows.size() >= count || (due && !records.flows.empty())) {
    round.flows.push_back(EncoderOf(TakeFront(records.flows, count)));
  }
  while (records.transactions.size() >= count || records.gaps.size() >= count ||
         (facts_due && (!records.transactions.empty() || !records.gaps.empty()))) {
    FactBatch batch;
    batch.transactions = TakeFront(records.transactions, count);
    batch.gaps = TakeFront(records.gaps, count);
    round.facts.push_back(EncoderOf(std::move(batch)));
  }
  command_waits = false;
  if (records.empty()) records_since_ns = 0;
}

// A sensor that has lost packets since its last report is not well, whatever it looks like now.
void SpoolWriter::Impl::AddLosses(const std::vector<capture::LedgerRow>& ledger,
                                  SensorHealth& health) {
  for (const capture::LedgerRow& row : ledger) {
    std::uint64_t lost = 0;
    for (const auto& [reason, packets] : row.lost) lost += packets;
    std::uint64_t& reported = reported_lost[row.interface];
    if (lost > reported) {
      health.texts.push_back(fmt::format("{}: {} packets lost since the last report",
                                         base::EscapeBytes(row.interface), lost - reported));
    }
    reported = lost;
  }
}

SensorHealth SpoolWriter::Impl::Health(const std::vector<capture::LedgerRow>& ledger) {
  SensorHealth health;
  health.time_ns = base::WallNow();
  health.version = options.version;
  health.uplink_state = uplink();
  const auto tell = [&health](std::string text) {  // workers of one interface say it once
    const bool told = std::ranges::find(health.texts, text) != health.texts.end();
    if (!told) health.texts.push_back(std::move(text));
  };
  for (const capture::WorkerStatus& worker : engine.status()) {
    health.packets += worker.packets;
    health.active_flows += worker.active_flows;
    health.flows += worker.flows;
    health.transactions += worker.transactions;
    health.commands += worker.commands;
    const std::string name = base::EscapeBytes(worker.interface);
    if (!worker.error.empty()) {
      tell(name + ": " + base::EscapeBytes(worker.error));
    } else if (!worker.link_up || worker.trouble != capture::LinkTrouble::kNone) {
      tell(name + ": " + LinkText(worker.trouble));
    }
  }
  AddLosses(ledger, health);
  const SpoolStatus status = spool.status();
  health.spool_bytes = status.live_bytes;
  health.spool_max_bytes = options.spool_max_bytes;
  health.spool_oldest_ns = status.oldest_ns;
  if (!status.writable) health.texts.push_back("spool read-only: " + status.trouble);
  if (status.dropped_bytes > 0) {
    health.texts.push_back("spool full: " + base::FormatSize(status.dropped_bytes) +
                           " dropped since the start");
  }
  health.state = health.texts.empty() ? "ok" : "degraded";
  return health;
}

void SpoolWriter::Impl::AddHealth(std::int64_t now_ns) {
  if (failing) return;
  next_health_ns = now_ns + options.health_ns;
  FactBatch batch;
  batch.ledger = engine.Ledger();
  batch.health = Health(batch.ledger);
  round.facts.push_back(EncoderOf(std::move(batch)));
}

// Gives the round to the disk, after the one before it; waits until it is there (kDisk), or only
// until there is room for more packets.
base::Result<> SpoolWriter::Impl::WriteRound(bool all, Await await) {
  if (await == Await::kRoom && round_bytes < kMaxRoundBytes && committer.busy()) return {};
  auto written = committer.Settle();
  if (written) {
    BatchRecords(all);
    round.close_segments = all;
    committer.Begin(std::exchange(round, {}));
    round_bytes = 0;
    last_write_ns = base::SteadyNow();
    if (await == Await::kDisk) written = committer.Wait();
  }
  // The spool itself says what is wrong, once; until it works again no more blocks are taken.
  failing = !written;
  return written;
}

void SpoolWriter::Impl::Run() {
  while (!stopping.load()) {
    const bool ended = engine.finished();  // before draining: what it made is in the rings then
    const bool more = DrainBlocks();
    const bool records_came = DrainRecords();
    const std::int64_t now_ns = base::SteadyNow();
    if (now_ns >= next_health_ns) AddHealth(now_ns);
    const bool end_of_input = ended && !more && !records_came && !failing;
    const bool due =
        now_ns - last_write_ns >=
        (command_waits ? std::min(options.command_ns, options.sync_ns) : options.sync_ns);
    if (failing || due || round_bytes >= options.round_bytes || (end_of_input && !drained.load())) {
      const auto written = WriteRound(end_of_input, end_of_input ? Await::kDisk : Await::kRoom);
      if (written && end_of_input && !Blocked()) drained.store(true);
    }
    if (!more || failing) std::this_thread::sleep_for(kIdleSleep);
  }
}

base::Result<> SpoolWriter::Impl::Finish(std::int64_t grace_ns) {
  const std::int64_t deadline_ns = base::SteadyNow() + grace_ns;
  base::Result<> written;
  bool last = false;
  for (;;) {
    const bool more = DrainBlocks() | DrainRecords();
    if (!more && !last && !failing) {
      AddHealth(base::SteadyNow());
      last = true;
    }
    // Each round waits for the disk: what is little goes with the last one.
    if (last || failing || round_bytes >= options.round_bytes) {
      written = WriteRound(last, Await::kDisk);
    }
    if (written && last) return {};
    if (base::SteadyNow() >= deadline_ns + (failing ? 0 : kDrainNs)) break;
    if (failing) std::this_thread::sleep_for(kIdleSleep);
  }
  std::uint64_t packets = committer.packets();
  for (const StoredBlock& block : round.blocks) packets += block.packets;
  while (std::unique_ptr<capture::Block> block = engine.TakeBlock()) {
    packets += block->packets;
    engine.ReturnBlock(std::move(block));
  }
  return base::MakeError(
      base::ErrorCode::kIo,
      fmt::format("the spool cannot write ({}); at least the last {} packets are lost",
                  written ? std::string("out of time") : written.error().message, packets));
}

SpoolWriter::SpoolWriter(WriterOptions options, capture::Engine& engine, Spool& spool,
                         UplinkState uplink)
    : impl_(std::make_unique<Impl>(std::move(options), engine, spool, std::move(uplink))) {}

SpoolWriter::~SpoolWriter() {
  impl_->stopping.store(true);
  if (impl_->thread.joinable()) impl_->thread.join();
}

void SpoolWriter::Start() {
  impl_->thread = std::thread([this] { impl_->Run(); });
  pthread_setname_np(impl_->thread.native_handle(), "spool-writer");
}

base::Result<> SpoolWriter::Stop(std::int64_t grace_ns) {
  impl_->stopping.store(true);
  if (impl_->thread.joinable()) impl_->thread.join();
  return impl_->Finish(grace_ns);
}

bool SpoolWriter::drained() const {
  return impl_->drained.load();
}

}  // namespace tapiary::uplink
