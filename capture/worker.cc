#include "capture/worker.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"

namespace tapiary::capture {

namespace {

constexpr int kWaitMs = 100;  // longest sleep: bounds stop, block age and expiry
constexpr std::int64_t kEmptyNs = 700 * base::kNanosPerMilli;  // for the ring after a stop
constexpr std::int64_t kPublishNs = 100 * base::kNanosPerMilli;
constexpr std::size_t kRecordRing = 256;  // batches
constexpr std::size_t kRecordsPerPush = 256;
constexpr std::size_t kMaxPending = 200'000;  // records held back when nobody takes them
constexpr std::uint32_t kMaxInterfaces = 256;
// Flows of a batch do not all stay in the first cache from metering to storing.
constexpr std::uint32_t kNotesAhead = 4;

MeterOptions WithStream(MeterOptions options, std::uint32_t first_stream) {
  options.first_stream = first_stream;
  return options;
}

}  // namespace

Worker::Worker(const EngineOptions& options, std::uint32_t first_stream,
               std::unique_ptr<PacketSource> source)
    : options_(options),
      first_stream_(first_stream),
      source_(std::move(source)),
      meter_(WithStream(options.meter, first_stream)),
      spare_(MakeBlocks(options.blocks_per_worker, options.block_bytes)),
      full_(options.blocks_per_worker + 1),
      free_(options.blocks_per_worker + 1),
      records_(kRecordRing),
      name_(source_->name()) {}

Worker::~Worker() {
  RequestStop();
  Join();
  const auto drop_block = [](Block* block) { std::unique_ptr<Block>{block}; };
  full_.consume_all(drop_block);
  free_.consume_all(drop_block);
  records_.consume_all([](RecordBatch* batch) { std::unique_ptr<RecordBatch>{batch}; });
}

base::Result<> Worker::Open() {
  const auto opened = source_->Open();
  const std::lock_guard lock(snapshot_mutex_);
  if (!opened) {
    snapshot_.error = opened.error().message;
    finished_.store(true, std::memory_order_release);
  }
  return opened;
}

void Worker::Start() {
  thread_ = std::jthread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "capture");
}

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::Run() {
  bool good = true;
  while (good && !stop_.load(std::memory_order_relaxed)) {
    const auto state = Step();
    if (!state) {
      local_.error = state.error().message;
      base::LogError("capture on {} ended: {}", name_, state.error().message);
    }
    good = state && *state != NextState::kEnd;
  }
  if (good && source_->live()) EmptySource();
  if (!good) NoteEnd();
  Finish();
}

// What the kernel has taken for us before the stop is stored too; what does not come out in time is
// lost under a name.
void Worker::EmptySource() {
  source_->StopIntake();
  const std::int64_t end_ns = base::SteadyNow() + kEmptyNs;
  while (base::SteadyNow() < end_ns) {
    const auto state = Step();
    if (!state || *state != NextState::kPackets) break;
  }
}

// A file that ends in the middle says so; one that is broken is an error of its worker.
void Worker::NoteEnd() {
  const std::string note = source_->end_note();
  if (note.empty()) return;
  base::LogWarning("{}: {}", name_, note);
  if (!source_->end_is_cut()) local_.error = note;
}

base::Result<NextState> Worker::Step() {
  TAPIARY_ASSIGN(const NextState state, source_->Next(batch_, kWaitMs));
  const std::int64_t steady_ns = base::SteadyNow();  // once a batch, never once a packet
  if (state == NextState::kPackets) {
    std::array<FlowHandle, kBatchSize> handles;
    meter_.Process(batch_, source_->interfaces(), handles);
    Store(batch_, handles);
    last_packet_steady_ns_ = steady_ns;
    local_.last_packet_ns = batch_.packets[batch_.count - 1].time_ns;
    if (block_opened_ns_ == 0) block_opened_ns_ = steady_ns;
  }
  CloseOldBlocks(steady_ns);
  if (state == NextState::kIdle) AdvanceMeter(steady_ns);
  if (steady_ns >= next_publish_ns_) {
    Publish();
    PushRecords(true);
    next_publish_ns_ = steady_ns + kPublishNs;
  } else {
    PushRecords(false);
  }
  return state;
}

void Worker::Store(const PacketBatch& batch, const std::array<FlowHandle, kBatchSize>& handles) {
  std::uint64_t recorded = 0;
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < batch.count; ++i) {
    const Packet& packet = batch.packets[i];
    if (i + kNotesAhead < batch.count) meter_.PrefetchNotes(handles[i + kNotesAhead]);
    if (!handles[i].store) {
      ++local_.not_stored;
      continue;
    }
    BlockBuilder* builder = BuilderFor(packet.interface);
    if (builder == nullptr) {
      ++local_.lost_interfaces;
      continue;
    }
    std::uint64_t block = builder->TryAppend(packet);
    if (block == BlockBuilder::kNoBlock && RenewBlock(*builder)) block = builder->TryAppend(packet);
    if (block == BlockBuilder::kNoBlock) {
      ++local_.lost_backlog;
      continue;
    }
    ++recorded;
    bytes += packet.bytes.size();
    if (handles[i].valid()) meter_.NoteBlock(handles[i], block);
  }
  local_.recorded += recorded;
  local_.recorded_bytes += bytes;
}

BlockBuilder* Worker::BuilderFor(std::uint32_t interface) {
  if (interface < builders_.size()) return builders_[interface].get();
  if (interface >= kMaxInterfaces || interface >= source_->interfaces().size()) return nullptr;
  while (builders_.size() <= interface) {  // once per interface, not per packet
    const auto index = static_cast<std::uint32_t>(builders_.size());
    builders_.push_back(std::make_unique<BlockBuilder>(
        first_stream_ + index, source_->interfaces()[index], options_.application));
  }
  return builders_[interface].get();
}

// A block with room for any packet, in place of the one that is full.
bool Worker::RenewBlock(BlockBuilder& builder) {
  CloseBlock(builder);
  std::unique_ptr<Block> block = FreeBlock();
  if (!block) return false;
  builder.Begin(std::move(block));
  return true;
}

std::unique_ptr<Block> Worker::FreeBlock() {
  for (;;) {
    free_.consume_all([this](Block* block) { spare_.emplace_back(block); });
    if (!spare_.empty()) break;
    if (!source_->can_wait() || stop_.load(std::memory_order_relaxed)) return nullptr;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // a file waits for the disk
  }
  std::unique_ptr<Block> block = std::move(spare_.back());
  spare_.pop_back();
  return block;
}

void Worker::CloseBlock(BlockBuilder& builder) {
  std::unique_ptr<Block> block = builder.Close();
  if (block) full_.push(block.release());  // never full: it holds the whole pool
}

void Worker::CloseOldBlocks(std::int64_t steady_ns) {
  if (block_opened_ns_ == 0 || steady_ns - block_opened_ns_ < options_.block_time_ns) return;
  for (const auto& builder : builders_) CloseBlock(*builder);
  block_opened_ns_ = 0;
}

// On an idle live link packet time goes on as fast as the steady clock does.
void Worker::AdvanceMeter(std::int64_t steady_ns) {
  if (!source_->live() || last_packet_steady_ns_ == 0) return;
  if (local_.last_packet_ns == kTimeUnknown) return;
  meter_.Advance(local_.last_packet_ns + (steady_ns - last_packet_steady_ns_));
}

void Worker::PushRecords(bool now) {
  meter_.Drain(pending_);
  const std::size_t count = pending_.size();
  if (count == 0 || (!now && count < kRecordsPerPush)) return;
  if (records_.write_available() == 0) {
    BoundPending();
    return;
  }
  records_.push(new RecordBatch(std::exchange(pending_, {})));
}

// Nobody takes records (the disk is full, say): what is given up is said in a gap record.
void Worker::BoundPending() {
  if (pending_.size() < kMaxPending) return;
  GapRecord gap;
  gap.kind = "flows";
  gap.interface = name_;
  gap.from_ns = gap.to_ns = base::WallNow();
  gap.items = pending_.size() - pending_.gaps.size();
  gap.reason = "records-backlog";
  pending_.flows.clear();
  pending_.transactions.clear();
  pending_.gaps.push_back(std::move(gap));
}

// A link that was down is a gap that is delivered like any record (CAP-02).
void Worker::NoteLink(bool link_up) {
  const std::int64_t now_ns = base::WallNow();
  if (!link_up && link_down_ns_ == 0) link_down_ns_ = now_ns;
  if (!link_up || link_down_ns_ == 0) return;
  GapRecord gap;
  gap.kind = "packets";
  gap.interface = name_;
  gap.from_ns = std::exchange(link_down_ns_, 0);
  gap.to_ns = now_ns;
  gap.reason = "link-down";
  pending_.gaps.push_back(std::move(gap));
}

// When packets were lost, and how many, is told by gap records; how many in all, by the ledger.
void Worker::NoteLosses(bool last) {
  loss_gaps_.Update(Ledger().lost, name_, base::WallNow(), last, pending_.gaps);
}

void Worker::Publish() {
  local_.source = source_->stats();
  NoteLink(local_.source.link_up);
  local_.meter = meter_.stats();
  {
    const std::lock_guard lock(snapshot_mutex_);
    snapshot_ = local_;
  }
  NoteLosses(false);
}

void Worker::Finish() {
  for (const auto& builder : builders_) CloseBlock(*builder);
  const bool stopped = stop_.load(std::memory_order_relaxed);
  meter_.Finish(stopped ? EndReason::kShutdown : EndReason::kIdle);
  Publish();
  NoteLink(true);  // a gap that lasts to the end is said too
  NoteLosses(true);
  PushRecords(true);
  tail_ = std::exchange(pending_, {});
  finished_.store(true, std::memory_order_release);
}

std::unique_ptr<Block> Worker::TakeBlock() {
  Block* block = nullptr;
  full_.pop(block);
  return std::unique_ptr<Block>(block);
}

bool Worker::ReturnBlock(std::unique_ptr<Block>& block) {
  if (block->stream < first_stream_ || block->stream >= first_stream_ + kMaxInterfaces)
    return false;
  free_.push(block.release());
  return true;
}

bool Worker::TakeRecords(RecordBatch& out) {
  const bool was_finished = finished();
  RecordBatch* batch = nullptr;
  bool any = false;
  while (records_.pop(batch)) {
    const std::unique_ptr<RecordBatch> owned(batch);
    MoveRecords(*owned, out);
    any = true;
  }
  if (was_finished && !tail_.empty()) {
    MoveRecords(tail_, out);
    any = true;
  }
  return any;
}

LedgerRow Worker::Ledger() const {
  const std::lock_guard lock(snapshot_mutex_);
  const SourceStats& source = snapshot_.source;
  LedgerRow row;
  row.interface = name_;
  row.time_ns = base::WallNow();
  row.offered = source.received + source.filtered + source.dropped_kernel + source.dropped_nic +
                source.dropped_no_buffer + source.dropped_errors + source.bad_records +
                source.undelivered;
  row.recorded = snapshot_.recorded;
  row.recorded_bytes = snapshot_.recorded_bytes;
  row.filtered = source.filtered + snapshot_.not_stored;
  for (const MirrorQuality& mirror : snapshot_.meter.mirrors) row.mirror.Add(mirror);
  row.lost = {{"kernel-ring", source.dropped_kernel},
              {"nic", source.dropped_nic},
              {"nic-no-buffer", source.dropped_no_buffer},
              {"nic-error", source.dropped_errors},
              {"storage-backlog", snapshot_.lost_backlog},
              {"bad-record", source.bad_records},
              {"shutdown", source.undelivered},
              {"too-many-interfaces", snapshot_.lost_interfaces}};
  std::erase_if(row.lost, [](const auto& reason) { return reason.second == 0; });
  return row;
}

WorkerStatus Worker::status() const {
  const std::lock_guard lock(snapshot_mutex_);
  WorkerStatus status;
  status.interface = name_;
  status.running = !finished();
  status.link_up = snapshot_.source.link_up;
  status.trouble = snapshot_.source.trouble;
  status.error = snapshot_.error;
  status.packets = snapshot_.source.received;
  status.active_flows = snapshot_.meter.active_flows;
  status.flows = snapshot_.meter.flows;
  status.transactions = snapshot_.meter.transactions;
  status.commands = snapshot_.meter.commands;
  status.last_packet_ns = snapshot_.last_packet_ns;
  return status;
}

}  // namespace tapiary::capture
