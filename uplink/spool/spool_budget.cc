// Overflow of the spool: the oldest packets go first, then flows, then facts. What goes is told by
// a gap record in the same write.
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/log.h"
#include "base/text.h"
#include "uplink/spool/spool_impl.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {

namespace {

constexpr const char* kReason = "spool-full";

// Records in a body, for the gap's account.
std::uint64_t CountRecords(Kind kind, std::string_view body) {
  if (kind == Kind::kFlows) {
    const auto batch = DecodeFlows(base::AsBytes(body));
    return batch ? batch->flows.size() : 0;
  }
  const auto batch = DecodeFacts(base::AsBytes(body));
  return batch ? batch->items() : 0;
}

void Extend(capture::GapRecord& gap, std::int64_t from_ns, std::int64_t to_ns, std::uint64_t items,
            std::uint64_t bytes) {
  if (gap.bytes == 0) {
    gap.from_ns = from_ns;
    gap.to_ns = to_ns;
  }
  gap.from_ns = std::min(gap.from_ns, from_ns);
  gap.to_ns = std::max(gap.to_ns, to_ns);
  gap.items += items;
  gap.bytes += bytes;
}

}  // namespace

// Live data may take 13/16 of the budget; 2/16 are for the log and delivered rows that are still in
// files. The files' own size has the last word, and the last 1/16 is for what flushes and
// compactions write beside their inputs between two looks: four write buffers (store.cc).
std::uint64_t Spool::Impl::BytesOverBudget(std::uint64_t incoming_bytes) {
  const auto max = static_cast<std::uint64_t>(options.max_bytes);
  const std::uint64_t live_limit = max / 16 * 13;
  const std::uint64_t disk_limit = max / 16 * 15;
  const std::uint64_t live = LiveBytes() + incoming_bytes;
  std::uint64_t over = live > live_limit ? live - live_limit : 0;
  std::uint64_t disk = store->DiskBytes() + incoming_bytes;
  if (over == 0 && disk > disk_limit) {
    ReturnSpace();
    disk = store->DiskBytes() + incoming_bytes;
  }
  // Down to half of the budget only: an excess above that is what a compaction writes beside its
  // inputs, which leaves by itself. Dropping what waits would not help.
  if (disk > disk_limit && live > max / 2) {
    over = std::max(over, std::min(disk - disk_limit, live - max / 2));
  }
  return over;
}

base::Result<> Spool::Impl::EnforceBudget(std::uint64_t incoming_bytes) {
  std::uint64_t needed = BytesOverBudget(incoming_bytes);
  if (needed == 0) return {};
  // More than needed at once, so that gap records stay few.
  needed += static_cast<std::uint64_t>(options.max_bytes) / 64;
  const std::uint64_t before = LiveBytes();
  TAPIARY_TRY(DropPackets(needed));
  if (needed > 0) TAPIARY_TRY(DropItems(flows, needed));
  if (needed > 0) TAPIARY_TRY(DropItems(facts, needed));
  dropped_bytes += before - std::min(before, LiveBytes());
  return {};
}

// Every drop is a gap record; the log needs only one line now and then.
void Spool::Impl::TellDropped(Kind kind, std::uint64_t items, std::uint64_t bytes) {
  std::uint64_t suppressed = 0;
  if (!drop_log.Allow(&suppressed)) return;
  base::LogWarning("spool: full: dropped the {} oldest items of {} ({}); {} such lines held back",
                   items, ToString(kind), base::FormatSize(bytes), suppressed);
}

base::Result<> Spool::Impl::DropPackets(std::uint64_t& needed) {
  Change change(*this);
  std::map<std::string, capture::GapRecord> gaps;  // by interface
  std::vector<Place> dropped;
  std::uint64_t freed = 0;
  for (const auto& [place, row] : segments.ready()) {
    if (freed >= needed) break;
    capture::GapRecord& gap = gaps[row.interface];
    Extend(gap, row.first_ns, row.last_ns, row.packets, row.stored_bytes);
    segments.Remove(change.batch, place);
    evidence.AddDropped(change.evidence, Kind::kPackets, place, kReason);
    dropped.push_back(place);
    freed += row.stored_bytes;
  }
  if (dropped.empty()) return {};
  std::vector<capture::GapRecord> told;
  for (auto& [interface, gap] : gaps) {
    gap.kind = ToString(Kind::kPackets);
    gap.interface = interface;
    gap.reason = kReason;
    told.push_back(std::move(gap));
  }
  AppendFacts(change, options.now(), EncodeGaps(std::move(told)));
  TAPIARY_TRY(WriteChange(change, true, Store::Room::kUseReserve));
  Set(change);
  for (const Place place : dropped) segments.Erase(*store, place);
  TellDropped(Kind::kPackets, dropped.size(), freed);
  needed -= std::min(needed, freed);
  return {};
}

base::Result<> Spool::Impl::DropItems(ItemQueue& queue, std::uint64_t& needed) {
  if (queue.empty()) return {};
  Change change(*this);
  capture::GapRecord gap;
  Head head = queue.state().head;
  const std::uint64_t first_byte = head.before;
  std::uint64_t items = 0;
  TAPIARY_TRY(store->Scan(queue.family(), PlaceKey(head.place), {},
                          [&](std::string_view key, std::string_view value) {
                            if (head.before - first_byte >= needed) return false;
                            const auto place = ParsePlace(key);
                            std::string_view body;
                            const auto header = ParseItem(value, &body);
                            if (!place || !header) return false;
                            Extend(gap, header->stored_ns, header->stored_ns,
                                   CountRecords(queue.kind(), body), body.size());
                            if (queue.kind() == Kind::kFacts) {
                              evidence.TellAgain(change.evidence, body);
                            }
                            evidence.AddDropped(change.evidence, queue.kind(), *place, kReason);
                            head = {After(*place), header->before + ItemCost(body.size())};
                            ++items;
                            return true;
                          }));
  if (items == 0) return {};
  gap.kind = ToString(queue.kind());
  gap.reason = kReason;
  const ItemQueue::State before = queue.state();
  queue.RemoveTo(change.batch, &queue == &facts ? change.facts : change.flows, head, items);
  AppendFacts(change, options.now(), EncodeGaps({gap}));
  TAPIARY_TRY(WriteChange(change, true, Store::Room::kUseReserve));
  Set(change);
  queue.DropFiles(*store, before);
  const std::uint64_t freed = head.before - first_byte;
  TellDropped(queue.kind(), items, freed);
  needed -= std::min(needed, freed);
  return {};
}

// When almost nothing waits, the log still holds what was delivered: a flush, which writes only
// what is left, lets it go.
void Spool::Impl::ReturnDelivered() {
  constexpr std::uint64_t kWorthwhile = 16 << 20;
  constexpr std::uint64_t kMostlyDelivered = 16;
  if (LiveBytes() * kMostlyDelivered > kWorthwhile) return;
  if (store->DiskBytes() > std::max(kWorthwhile, LiveBytes() * kMostlyDelivered)) ReturnSpace();
}

// Delivered rows stay in files until these are compacted; above the budget that is asked for.
void Spool::Impl::ReturnSpace() {
  const std::int64_t now_ns = base::SteadyNow();
  if (now_ns < next_space_check_ns) return;
  next_space_check_ns = now_ns + base::kNanosPerSecond;
  store->Flush();
  const std::string begin = PlaceKey({0, 0});
  const auto& ready = segments.ready();
  const Place head = ready.empty() ? Place{epoch, UINT64_MAX} : ready.begin()->first;
  store->Compact(Family::kPackets, begin, PlaceKey(head));
  store->Compact(Family::kFlows, begin, PlaceKey(flows.state().head.place));
  store->Compact(Family::kFacts, begin, PlaceKey(facts.state().head.place));
}

}  // namespace tapiary::uplink
