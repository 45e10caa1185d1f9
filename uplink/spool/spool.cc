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

void Spool::HurrySegments(std::int64_t age_ns, std::int64_t for_ns) {
  const std::lock_guard lock(impl_->mutex);
  impl_->hurry_age_ns = age_ns;
  impl_->hurry_from_ns = impl_->options.now();
  impl_->hurry_until_ns = impl_->hurry_from_ns + for_ns;
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
  Change change(*this);
  StoreBatch& batch = change.batch;
  std::optional<StoreFiles> files;
  if (incoming_bytes >= kBulkBytes) files.emplace(*store, Family::kPackets);
  const SegmentQueue::Sink sink{batch, files ? &*files : nullptr};
  SegmentQueue::Staged staged = segments.Begin();
  for (const StoredBlock& block : round.blocks) {
    segments.Append(sink, staged, block, now_ns, limits(now_ns));
  }
  if (round.close_segments) {
    segments.CloseAll(batch, staged);
  } else {
    segments.CloseOld(batch, staged, now_ns, limits(now_ns));
  }
  for (const SegmentQueue::Closed& closed : staged.closed) {
    if (closed.digest) {
      evidence.AddItem(change.evidence, Kind::kPackets, closed.place, *closed.digest);
    }
  }
  for (const Encode& encode : round.flows) AppendFlows(change, now_ns, encode);
  for (const Encode& encode : round.facts) AppendFacts(change, now_ns, encode);
  const bool last = round.close_segments && evidence.Waits(change.evidence);
  if (last || evidence.WantsItem(change.evidence)) AppendEvidence(change, now_ns);
  // A sign of life at least every second, so that an unclean stop can tell when it was.
  const bool quiet = round.empty() && !staged.changed;
  if (quiet && now_ns - alive_ns < base::kNanosPerSecond && now_ns >= alive_ns) return {};
  batch.Put(Family::kMeta, kAliveKey, NumberValue(static_cast<std::uint64_t>(now_ns)));
  if (clean_stop) batch.Put(Family::kMeta, kCleanKey, NumberValue(epoch));
  // Blocks first: a row never counts blocks that are not there. Killed in between, blocks of an
  // open segment are found at the next start; those of a new one are of an unclean stop, like any
  // that had not been written yet.
  if (files) TAPIARY_TRY(store->Ingest(*files));
  TAPIARY_TRY(WriteChange(change, true, Store::Room::kKeepReserve));
  segments.Commit(std::move(staged));
  Set(change);
  alive_ns = now_ns;
  return {};
}

void Spool::Impl::AppendFlows(Change& change, std::int64_t now_ns, const Encode& encode) {
  const Place place = change.flows.next;
  const std::string body = flows.Append(change.batch, change.flows, now_ns, encode);
  if (!evidence.active()) return;
  evidence.AddItem(change.evidence, Kind::kFlows, place, base::Sha256Of(base::AsBytes(body)));
}

// It tells all that was put in before it; it is itself told by the next one.
void Spool::Impl::AppendFacts(Change& change, std::int64_t now_ns, const Encode& encode) {
  const Place place = change.facts.next;
  const auto seal = evidence.MakeSeal(change.evidence);
  const std::string body =
      facts.Append(change.batch, change.facts, now_ns, encode, seal ? &*seal : nullptr);
  if (!seal) return;
  evidence.Told(change.evidence);
  evidence.AddItem(change.evidence, Kind::kFacts, place, base::Sha256Of(base::AsBytes(body)));
}

void Spool::Impl::AppendEvidence(Change& change, std::int64_t now_ns) {
  AppendFacts(change, now_ns, EncodeGaps({}));
}

base::Result<> Spool::Impl::WriteChange(Change& change, bool sync, Store::Room room) {
  evidence.Save(change.batch, change.evidence);
  return store->Write(change.batch, sync, room);
}

void Spool::Impl::Set(Change& change) {
  flows.set_state(change.flows);
  facts.set_state(change.facts);
  evidence.Commit(std::move(change.evidence));
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
  Change change(*this);
  if (kind == Kind::kPackets) {
    const auto& [place, row] = *segments.ready().begin();
    gap = {gap.kind,    row.interface,    row.first_ns, row.last_ns,
           row.packets, row.stored_bytes, gap.reason};
    const Place broken = place;
    segments.Remove(change.batch, broken);
    evidence.AddDropped(change.evidence, kind, broken, gap.reason);
    AppendFacts(change, now_ns, EncodeGaps({gap}));
    TAPIARY_TRY(WriteChange(change, true, Store::Room::kUseReserve));
    Set(change);
    segments.Erase(*store, broken);
    return {};
  }
  ItemQueue& queue = Queue(kind);
  ItemQueue::State& state = kind == Kind::kFlows ? change.flows : change.facts;
  const Head next = queue.NextReadable(*store);
  gap.bytes = next.before - state.head.before;
  evidence.AddDropped(change.evidence, kind, state.head.place, next.place, gap.reason);
  queue.RemoveTo(change.batch, state, next, 1);
  AppendFacts(change, now_ns, EncodeGaps({gap}));
  TAPIARY_TRY(WriteChange(change, true, Store::Room::kUseReserve));
  Set(change);
  return {};
}

bool Spool::Impl::IsOldest(const Item& item) const {
  if (item.kind == Kind::kPackets) return segments.ready().contains(item.place);
  const ItemQueue& queue = item.kind == Kind::kFlows ? flows : facts;
  return !queue.empty() && queue.state().head.place <= item.place;
}

// One batch: the item goes, `others` of its kind and `extra` facts come.
base::Result<> Spool::Impl::Remove(const Item& item, Leave leave, const std::vector<Encode>& extra,
                                   const std::vector<Encode>& others) {
  if (!IsOldest(item)) return {};
  const std::int64_t now_ns = options.now();
  Change change(*this);
  const ItemQueue::State flows_before = flows.state();
  const ItemQueue::State facts_before = facts.state();
  if (!leave.dropped_for.empty()) {
    evidence.AddDropped(change.evidence, item.kind, item.place, leave.dropped_for);
    if (item.kind == Kind::kFacts) evidence.TellAgain(change.evidence, item.body);
  }
  if (item.kind == Kind::kPackets) {
    segments.Remove(change.batch, item.place);
  } else if (item.kind == Kind::kFlows) {
    flows.Remove(change.batch, change.flows, item);
    for (const Encode& encode : others) AppendFlows(change, now_ns, encode);
  } else {
    facts.Remove(change.batch, change.facts, item);
    for (const Encode& encode : others) AppendFacts(change, now_ns, encode);
  }
  for (const Encode& encode : extra) AppendFacts(change, now_ns, encode);
  // An acknowledgement alone may be lost with the power: the collector takes the item once. But
  // files are never dropped before their deletion is durable.
  const bool trims =
      change.flows.trimmed != flows_before.trimmed || change.facts.trimmed != facts_before.trimmed;
  const bool sync = item.kind == Kind::kPackets || trims || change.evidence.changed ||
                    !extra.empty() || !others.empty();
  TAPIARY_TRY(WriteChange(change, sync, Store::Room::kUseReserve));
  Set(change);
  flows.DropFiles(*store, flows_before);
  facts.DropFiles(*store, facts_before);
  if (item.kind == Kind::kPackets) segments.Erase(*store, item.place);
  return {};
}

base::Result<> Spool::Acknowledge(const Item& item) {
  const std::lock_guard lock(impl_->mutex);
  TAPIARY_TRY(impl_->EnsureReadable());
  auto result = impl_->Remove(item, {}, {}, {});
  if (!result) impl_->Fail(result.error());
  return result;
}

base::Result<> Spool::Replace(const Item& item, const std::vector<Encode>& others) {
  const std::lock_guard lock(impl_->mutex);
  TAPIARY_TRY(impl_->EnsureReadable());
  auto result = impl_->Remove(item, {"split"}, {}, others);
  if (!result) impl_->Fail(result.error());
  return result;
}

base::Result<> Spool::Quarantine(const Item& item, const capture::GapRecord& gap) {
  const std::lock_guard lock(impl_->mutex);
  TAPIARY_TRY(impl_->EnsureReadable());
  const auto kept = KeepCopy(impl_->options.path + "/quarantine", item);
  if (!kept) base::LogWarning("spool: {}", kept.error().message);
  auto result = impl_->Remove(item, {gap.reason}, {EncodeGaps({gap})}, {});
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
