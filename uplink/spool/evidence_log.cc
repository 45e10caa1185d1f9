#include "uplink/spool/evidence_log.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "uplink/spool/format.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {

namespace {

ItemKind WireKind(Kind kind) {
  switch (kind) {
    case Kind::kPackets:
      return ItemKind::kSegments;
    case Kind::kFlows:
      return ItemKind::kFlows;
    case Kind::kFacts:
      break;
  }
  return ItemKind::kFacts;
}

// Our own rows and items, whose size was limited when they were made.
DecodeLimits OwnLimits() {
  DecodeLimits limits;
  limits.max_body_bytes = limits.max_expanded_bytes = std::size_t{1} << 30;
  limits.max_record_bytes = limits.max_text_bytes = std::size_t{64} << 20;
  limits.max_records = limits.max_elements = std::size_t{1} << 26;
  return limits;
}

std::size_t CountWaiting(const Evidence& evidence) {
  std::size_t items = evidence.dropped.size();
  for (const ChainRun& run : evidence.runs) items += run.items.size();
  return items;
}

Evidence NewChain(const PublicKey& key, std::uint64_t epoch) {
  Evidence evidence;
  evidence.key = key;
  evidence.chain = epoch;
  evidence.runs = {{1, ChainBegin(key, epoch), {}}};
  return evidence;
}

}  // namespace

base::Result<> EvidenceLog::Load(Store& store, std::uint64_t epoch) {
  if (!active()) return {};
  State state;
  state.next = NewChain(key_->public_key(), epoch);
  state.changed = true;
  TAPIARY_ASSIGN(const auto stored, store.Get(Family::kMeta, kEvidenceKey));
  if (stored) {
    TAPIARY_ASSIGN(Evidence last, DecodeEvidence(base::AsBytes(*stored), OwnLimits()));
    if (last.runs.empty()) {
      return base::MakeError(base::ErrorCode::kCorrupt, "spool: broken evidence");
    }
    if (last.key == key_->public_key()) {
      state.next = std::move(last);
      state.changed = false;
    } else {
      // Another key signs from here on, in a chain of its own: what waits goes into that.
      base::LogWarning("spool: the signing key is another one; a new evidence chain begins");
      state.next.dropped = std::move(last.dropped);
      for (ChainRun& run : last.runs) {
        ChainRun& all = state.next.runs.front();
        all.items.insert(all.items.end(), run.items.begin(), run.items.end());
      }
    }
  }
  state_ = std::move(state);
  return {};
}

void EvidenceLog::AddItem(State& state, Kind kind, Place place,
                          const base::Sha256Digest& digest) const {
  if (!active()) return;
  state.next.runs.back().items.push_back({WireKind(kind), place.epoch, place.seq, digest});
  state.changed = true;
}

void EvidenceLog::AddDropped(State& state, Kind kind, Place place, std::string_view reason) const {
  AddDropped(state, kind, place, After(place), reason);
}

void EvidenceLog::AddDropped(State& state, Kind kind, Place from, Place to,
                             std::string_view reason) const {
  if (!active() || to <= from) return;
  std::vector<DroppedItems>& dropped = state.next.dropped;
  state.changed = true;
  if (to.epoch != from.epoch) {  // all of the one epoch, and the beginning of the other
    dropped.push_back({WireKind(kind), from.epoch, from.seq, INT64_MAX, std::string(reason)});
    from = {to.epoch, 0};
    if (to.seq == 0) return;
  }
  if (!dropped.empty()) {
    DroppedItems& last = dropped.back();
    const bool follows = last.kind == WireKind(kind) && last.epoch == from.epoch &&
                         last.last_seq + 1 == from.seq && last.reason == reason;
    if (follows) {
      last.last_seq = to.seq - 1;
      return;
    }
  }
  dropped.push_back({WireKind(kind), from.epoch, from.seq, to.seq - 1, std::string(reason)});
}

void EvidenceLog::TellAgain(State& state, std::string_view body) const {
  if (!active()) return;
  auto batch = DecodeFacts(base::AsBytes(body), OwnLimits());
  if (!batch || !batch->evidence) return;
  Evidence& old = *batch->evidence;
  if (old.key != state.next.key || old.chain != state.next.chain) return;
  if (CountWaiting(state.next) + CountWaiting(old) > kMaxToldAgain) {
    base::LogWarning("spool: too much evidence waits to be told again; some is not");
    return;
  }
  std::erase_if(old.runs, [](const ChainRun& run) { return run.items.empty(); });
  state.next.runs.insert(state.next.runs.begin(), std::make_move_iterator(old.runs.begin()),
                         std::make_move_iterator(old.runs.end()));
  state.next.dropped.insert(state.next.dropped.begin(),
                            std::make_move_iterator(old.dropped.begin()),
                            std::make_move_iterator(old.dropped.end()));
  state.changed = true;
}

std::optional<Seal> EvidenceLog::MakeSeal(const State& state) const {
  if (!active()) return std::nullopt;
  return Seal{state.next, *key_};
}

void EvidenceLog::Told(State& state) const {
  if (!active()) return;
  const ChainRun& last = state.next.runs.back();
  ChainRun rest{last.first + last.items.size(), ChainEnd(last), {}};
  state.next.runs = {std::move(rest)};
  state.next.dropped.clear();
  state.changed = true;
}

bool EvidenceLog::WantsItem(const State& state) const {
  return active() && CountWaiting(state.next) > kMaxWaiting;
}

bool EvidenceLog::Waits(const State& state) const {
  if (!active()) return false;
  if (!state.next.dropped.empty() || state.next.runs.size() > 1) return true;
  return std::ranges::any_of(state.next.runs.back().items,
                             [](const ChainItem& item) { return item.kind != ItemKind::kFacts; });
}

void EvidenceLog::Save(StoreBatch& batch, const State& state) const {
  if (!active() || !state.changed) return;
  batch.Put(Family::kMeta, kEvidenceKey, EncodeEvidence(state.next));
}

void EvidenceLog::Commit(State state) {
  state_ = std::move(state);
  state_.changed = false;
}

}  // namespace tapiary::uplink
