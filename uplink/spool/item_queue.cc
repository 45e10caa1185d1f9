#include "uplink/spool/item_queue.h"

#include <fmt/core.h>

namespace tapiary::uplink {

namespace {

constexpr std::uint64_t kKeyBytes = 16;
// A trim costs one range tombstone; rarer ones keep delivered rows a little longer.
constexpr std::uint64_t kTrimItems = 4096;
constexpr std::uint64_t kTrimBytes = 4 << 20;

}  // namespace

std::uint64_t ItemCost(std::size_t body_bytes) {
  return kKeyBytes + kItemHeaderBytes + body_bytes;
}

ItemQueue::ItemQueue(Kind kind)
    : kind_(kind),
      family_(kind == Kind::kFlows ? Family::kFlows : Family::kFacts),
      head_key_(kind == Kind::kFlows ? kFlowsHeadKey : kFactsHeadKey) {}

base::Result<> ItemQueue::Load(Store& store, std::uint64_t epoch) {
  State state;
  TAPIARY_ASSIGN(const auto stored, store.Get(Family::kMeta, head_key_));
  if (stored) {
    TAPIARY_ASSIGN(state.head, ParseHead(*stored));
  }
  TAPIARY_ASSIGN(const auto last, store.Last(family_, PlaceKey(state.head.place)));
  state.next = {epoch, 0};
  state.after = state.head.before;
  if (last) {
    std::string_view body;
    TAPIARY_ASSIGN(const ItemHeader header, ParseItem(last->second, &body));
    state.after = header.before + ItemCost(body.size());
  }
  state_ = state;
  return {};
}

base::Result<std::optional<Item>> ItemQueue::First(Store& store) const {
  if (empty()) return std::optional<Item>();
  std::optional<Item> item;
  base::Result<> parsed;
  const auto visit = [&](std::string_view key, std::string_view value) {
    const auto place = ParsePlace(key);
    std::string_view body;
    const auto header = ParseItem(value, &body);
    if (!place || !header) {
      parsed = base::MakeError(base::ErrorCode::kCorrupt, "spool: broken item");
      return false;
    }
    item.emplace();
    item->kind = kind_;
    item->place = *place;
    item->body.assign(body);
    item->stored_ns = item->first_ns = item->last_ns = header->stored_ns;
    return false;
  };
  TAPIARY_TRY(store.Scan(family_, PlaceKey(state_.head.place), {}, visit));
  TAPIARY_TRY(parsed);
  if (!item) {
    return base::MakeError(base::ErrorCode::kCorrupt,
                           fmt::format("spool: {} lack their rows", ToString(kind_)));
  }
  return item;
}

Head ItemQueue::NextReadable(Store& store) const {
  constexpr std::uint64_t kTries = 4096;  // more than a damaged table block holds
  for (std::uint64_t step = 1; step <= kTries; ++step) {
    Head found;
    const Place from{state_.head.place.epoch, state_.head.place.seq + step};
    const auto scanned = store.Scan(family_, PlaceKey(from), {},
                                    [&found](std::string_view key, std::string_view value) {
                                      const auto place = ParsePlace(key);
                                      const auto header = ParseItem(value, nullptr);
                                      if (place && header) found = {*place, header->before};
                                      return false;
                                    });
    if (scanned && found.place != Place{}) return found;
  }
  return {state_.next, state_.after};
}

std::string ItemQueue::Append(StoreBatch& batch, State& state, std::int64_t now_ns,
                              const Encode& encode, const Seal* seal) const {
  std::string body = encode(state.next.epoch, state.next.seq, seal);
  batch.Put(family_, PlaceKey(state.next), ItemValue({now_ns, state.after}, body));
  state.after += ItemCost(body.size());
  ++state.next.seq;
  return body;
}

bool ItemQueue::Remove(StoreBatch& batch, State& state, const Item& item) const {
  // Between the head and the oldest item there is never another one, so the oldest is the one whose
  // place is not before the head and whose removal has not happened: both follow from the order.
  if (empty() || item.place < state.head.place) return false;
  RemoveTo(batch, state, {After(item.place), state.head.before + ItemCost(item.body.size())}, 1);
  return true;
}

void ItemQueue::RemoveTo(StoreBatch& batch, State& state, const Head& head,
                         std::uint64_t items) const {
  state.untrimmed_items += items;
  state.untrimmed_bytes += head.before - state.head.before;
  state.head = head;
  batch.Put(Family::kMeta, head_key_, HeadValue(head));
  if (state.untrimmed_items < kTrimItems && state.untrimmed_bytes < kTrimBytes) return;
  if (state.after - head.before < kTombstoneBacklog) {
    batch.DeleteRange(family_, PlaceKey(state.trimmed), PlaceKey(head.place));
  }
  state.trimmed = head.place;
  state.untrimmed_items = 0;
  state.untrimmed_bytes = 0;
}

void ItemQueue::DropFiles(Store& store, const State& before) const {
  if (before.trimmed == state_.trimmed) return;
  // From the beginning: a file that reaches into two trimmed ranges lies in neither.
  store.DropFiles(family_, PlaceKey({}), PlaceKey(state_.trimmed));
}

}  // namespace tapiary::uplink
