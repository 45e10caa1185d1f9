#include "uplink/spool/spool.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "base/text.h"
#include "uplink/spool/spool_impl.h"

namespace tapiary::uplink {

namespace {

// Copies of quarantined items beyond this are not kept; their gap records are.
constexpr std::uint64_t kQuarantineBytes = 256 << 20;
constexpr std::size_t kQuarantineFiles = 1000;

base::Result<> KeepCopy(const std::string& folder, const Item& item) {
  TAPIARY_TRY(base::MakeFolders(folder, 0700));
  std::uint64_t bytes = 0;
  std::size_t files = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    bytes += entry.file_size(error);
    ++files;
  }
  if (files >= kQuarantineFiles || bytes + item.body.size() > kQuarantineBytes) {
    return base::MakeError(base::ErrorCode::kTooLarge, "quarantine is full, no copy was kept");
  }
  return base::WriteFileDurably(
      fmt::format("{}/{}-{}-{}", folder, ToString(item.kind), item.place.epoch, item.place.seq),
      base::AsBytes(item.body), 0600);
}

// Rounds with as many bytes of blocks go in as files. Below, the four syncs of a file cost more
// than writing twice.
constexpr std::uint64_t kBulkBytes = 1 << 20;

std::uint64_t IncomingBytes(const Round& round) {
  std::uint64_t bytes = 0;
  for (const StoredBlock& block : round.blocks) bytes += block.frame.size();
  return bytes;
}

}  // namespace

Spool::Spool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Spool::~Spool() = default;

base::Result<std::unique_ptr<Spool>> Spool::Open(SpoolOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  {
    const std::lock_guard lock(impl->mutex);
    TAPIARY_TRY(impl->Start());
  }
  return std::unique_ptr<Spool>(new Spool(std::move(impl)));
}

std::uint64_t Spool::epoch() const {
  return impl_->epoch;
}

base::Result<> Spool::Write(const Round& round) {
  const std::lock_guard lock(impl_->mutex);
  TAPIARY_TRY(impl_->EnsureStore());
  auto result = impl_->WriteRound(round, /*clean_stop=*/false);
  if (!result) {
    impl_->Fail(result.error());
    return base::MakeError(base::ErrorCode::kIo, result.error().message);
  }
  return {};
}

base::Result<> Spool::Impl::WriteRound(const Round& round, bool clean_stop) {
  const std::uint64_t incoming_bytes = IncomingBytes(round);
  TAPIARY_TRY(EnforceBudget(incoming_bytes));
  if (round.empty()) ReturnDelivered();
  const std::int64_t now_ns = options.now();
  StoreBatch batch(*store);
  std::optional<StoreFiles> files;
  if (incoming_bytes >= kBulkBytes) files.emplace(*store, Family::kPackets);
  const SegmentQueue::Sink sink{batch, files ? &*files : nullptr};
  SegmentQueue::Staged staged = segments.Begin();
  for (const StoredBlock& block : round.blocks) {
    segments.Append(sink, staged, block, now_ns, limits());
  }
  if (round.close_segments) {
    segments.CloseAll(batch, staged);
  } else {
    segments.CloseOld(batch, staged, now_ns, limits());
  }
  ItemQueue::State flow_state = flows.state();
  for (const Encode& encode : round.flows) flows.Append(batch, flow_state, now_ns, encode);
  ItemQueue::State fact_state = facts.state();
  for (const Encode& encode : round.facts) facts.Append(batch, fact_state, now_ns, encode);
  // A sign of life at least every second, so that an unclean stop can tell when it was.
  const bool quiet = round.empty() && !staged.changed;
  if (quiet && now_ns - alive_ns < base::kNanosPerSecond && now_ns >= alive_ns) return {};
  batch.Put(Family::kMeta, kAliveKey, NumberValue(static_cast<std::uint64_t>(now_ns)));
  if (clean_stop) batch.Put(Family::kMeta, kCleanKey, NumberValue(epoch));
  // Blocks first: a row never counts blocks that are not there. Killed in between, blocks of an
  // open segment are found at the next start; those of a new one are of an unclean stop, like any
  // that had not been written yet.
  if (files) TAPIARY_TRY(store->Ingest(*files));
  TAPIARY_TRY(store->Write(batch, true));
  segments.Commit(std::move(staged));
  flows.set_state(flow_state);
  facts.set_state(fact_state);
  alive_ns = now_ns;
  return {};
}

bool Spool::Has(Kind kind) const {
  const std::lock_guard lock(impl_->mutex);
  return kind == Kind::kPackets ? !impl_->segments.empty() : !impl_->Queue(kind).empty();
}

base::Result<std::optional<Item>> Spool::Next(Kind kind) {
  const std::lock_guard lock(impl_->mutex);
  TAPIARY_TRY(impl_->EnsureReadable());
  for (;;) {
    auto item = impl_->First(kind);
    if (item || item.error().code != base::ErrorCode::kCorrupt) return item;
    TAPIARY_TRY(impl_->SkipBroken(kind, item.error()));
  }
}

base::Result<std::optional<Item>> Spool::Impl::First(Kind kind) {
  return kind == Kind::kPackets ? segments.First(*store) : Queue(kind).First(*store);
}

base::Result<> Spool::Impl::SkipBroken(Kind kind, const base::Error& why) {
  base::LogError("spool: an item of {} cannot be read and is skipped: {}", ToString(kind),
                 why.message);
  const std::int64_t now_ns = options.now();
  capture::GapRecord gap{std::string(ToString(kind)), "", now_ns, now_ns, 0, 0, "spool-corrupt"};
  StoreBatch batch(*store);
  ItemQueue::State fact_state = facts.state();
  if (kind == Kind::kPackets) {
    const auto& [place, row] = *segments.ready().begin();
    gap = {gap.kind,    row.interface,    row.first_ns, row.last_ns,
           row.packets, row.stored_bytes, gap.reason};
    const Place broken = place;
    segments.Remove(batch, broken);
    facts.Append(batch, fact_state, now_ns, EncodeGaps({gap}));
    TAPIARY_TRY(store->Write(batch, true, Store::Room::kUseReserve));
    facts.set_state(fact_state);
    segments.Erase(*store, broken);
    return {};
  }
  ItemQueue& queue = Queue(kind);
  ItemQueue::State state = queue.state();
  const Head next = queue.NextReadable(*store);
  gap.bytes = next.before - state.head.before;
  queue.RemoveTo(batch, state, next, 1);
  if (kind == Kind::kFacts) fact_state = state;
  facts.Append(batch, fact_state, now_ns, EncodeGaps({gap}));
  TAPIARY_TRY(store->Write(batch, true, Store::Room::kUseReserve));
  queue.set_state(state);
  facts.set_state(fact_state);
  return {};
}

bool Spool::Impl::IsOldest(const Item& item) const {
  if (item.kind == Kind::kPackets) return segments.ready().contains(item.place);
  const ItemQueue& queue = item.kind == Kind::kFlows ? flows : facts;
  return !queue.empty() && queue.state().head.place <= item.place;
}

// One batch: the item goes, `others` of its kind and `extra` facts come.
base::Result<> Spool::Impl::Remove(const Item& item, const std::vector<Encode>& extra,
                                   const std::vector<Encode>& others) {
  if (!IsOldest(item)) return {};
  const std::int64_t now_ns = options.now();
  StoreBatch batch(*store);
  const ItemQueue::State flows_before = flows.state();
  const ItemQueue::State facts_before = facts.state();
  ItemQueue::State flow_state = flows_before;
  ItemQueue::State fact_state = facts_before;
  if (item.kind == Kind::kPackets) {
    segments.Remove(batch, item.place);
  } else {
    ItemQueue::State& state = item.kind == Kind::kFlows ? flow_state : fact_state;
    Queue(item.kind).Remove(batch, state, item);
    for (const Encode& encode : others) Queue(item.kind).Append(batch, state, now_ns, encode);
  }
  for (const Encode& encode : extra) facts.Append(batch, fact_state, now_ns, encode);
  // An acknowledgement alone may be lost with the power: the collector takes the item once. But
  // files are never dropped before their deletion is durable.
  const bool trims =
      flow_state.trimmed != flows_before.trimmed || fact_state.trimmed != facts_before.trimmed;
  const bool sync = item.kind == Kind::kPackets || trims || !extra.empty() || !others.empty();
  TAPIARY_TRY(store->Write(batch, sync, Store::Room::kUseReserve));
  flows.set_state(flow_state);
  facts.set_state(fact_state);
  flows.DropFiles(*store, flows_before);
  facts.DropFiles(*store, facts_before);
  if (item.kind == Kind::kPackets) segments.Erase(*store, item.place);
  return {};
}

base::Result<> Spool::Acknowledge(const Item& item) {
  return Replace(item, {});
}

base::Result<> Spool::Replace(const Item& item, const std::vector<Encode>& others) {
  const std::lock_guard lock(impl_->mutex);
  TAPIARY_TRY(impl_->EnsureReadable());
  auto result = impl_->Remove(item, {}, others);
  if (!result) impl_->Fail(result.error());
  return result;
}

base::Result<> Spool::Quarantine(const Item& item, const capture::GapRecord& gap) {
  const std::lock_guard lock(impl_->mutex);
  TAPIARY_TRY(impl_->EnsureReadable());
  const auto kept = KeepCopy(impl_->options.path + "/quarantine", item);
  if (!kept) base::LogWarning("spool: {}", kept.error().message);
  auto result = impl_->Remove(item, {EncodeGaps({gap})}, {});
  if (!result) impl_->Fail(result.error());
  return result;
}

SpoolStatus Spool::status() const {
  const std::lock_guard lock(impl_->mutex);
  SpoolStatus status;
  status.writable = impl_->store && impl_->begun && !impl_->failed;
  status.trouble = impl_->failed ? impl_->trouble : "";
  status.live_bytes = impl_->LiveBytes();
  status.segments_waiting = impl_->segments.ready().size();
  status.dropped_bytes = impl_->dropped_bytes;
  status.oldest_ns = impl_->segments.oldest_ns();
  if (!impl_->store) return status;
  status.disk_bytes = impl_->store->DiskBytes();
  for (const ItemQueue* queue : {&impl_->flows, &impl_->facts}) {
    const auto first = queue->First(*impl_->store);
    if (!first || !*first) continue;
    const std::int64_t stored_ns = (*first)->stored_ns;
    if (status.oldest_ns == 0 || stored_ns < status.oldest_ns) status.oldest_ns = stored_ns;
  }
  return status;
}

base::Result<> Spool::Close() {
  const std::lock_guard lock(impl_->mutex);
  TAPIARY_TRY(impl_->EnsureStore());
  Round round;
  round.close_segments = true;
  TAPIARY_TRY(impl_->WriteRound(round, /*clean_stop=*/true));  // one sync: the end waits for it
  impl_->store.reset();
  impl_->retry_at_ns = INT64_MAX;
  impl_->trouble = "spool is closed";
  return {};
}

}  // namespace tapiary::uplink
