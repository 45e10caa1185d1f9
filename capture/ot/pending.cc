#include "capture/ot/pending.h"

#include <algorithm>
#include <utility>

namespace tapiary::capture {
namespace {

constexpr std::size_t kKeptEntries = 8;  // room that an empty table keeps

std::int64_t DueTime(std::int64_t time_ns) {
  return time_ns == kTimeUnknown ? INT64_MAX : time_ns + PendingTable::kReplyTimeoutNs;
}

}  // namespace

std::optional<PendingTable::Entry> PendingTable::Add(Entry entry) {
  std::optional<Entry> oldest;
  if (waiting() == kMaxPending) oldest = TakeOldest();
  PackNewest();
  Waiting& added = waiting_.emplace_back();
  added.key = entry.key;
  added.loose_key = entry.loose_key.value_or(0);
  added.has_loose_key = entry.loose_key.has_value();
  added.time_ns = entry.request.time_ns;
  newest_bytes_ = HeapBytes(entry.request);
  newest_ = std::move(entry.request);
  return oldest;
}

void PendingTable::PackNewest() {
  if (!newest_) return;
  waiting_.back().packed = PackedTransaction(*newest_);
  packed_bytes_ += waiting_.back().packed.heap_bytes();
  newest_.reset();
  newest_bytes_ = 0;
}

Transaction PendingTable::Unpack(Waiting& waiting) {
  if (newest_ && &waiting == &waiting_.back()) {
    Transaction request = std::move(*newest_);
    newest_.reset();
    newest_bytes_ = 0;
    return request;
  }
  packed_bytes_ -= waiting.packed.heap_bytes();
  return std::exchange(waiting.packed, {}).Unpack();
}

void PendingTable::PopFront() {
  ++first_;
  if (first_ == waiting_.size() || first_ == kMaxPending) {
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
    if (waiting_.empty() && waiting_.capacity() > kKeptEntries) waiting_ = std::vector<Waiting>();
  }
}

template <class Match>
std::optional<Transaction> PendingTable::TakeFirst(Match match) {
  const auto begin = waiting_.begin() + static_cast<std::ptrdiff_t>(first_);
  const auto found = std::find_if(begin, waiting_.end(), match);
  if (found == waiting_.end()) return std::nullopt;
  std::optional<Transaction> request(Unpack(*found));
  found == begin ? PopFront() : static_cast<void>(waiting_.erase(found));
  return request;
}

std::optional<Transaction> PendingTable::Take(std::uint64_t key) {
  return TakeFirst([key](const Waiting& waiting) { return waiting.key == key; });
}

std::optional<Transaction> PendingTable::TakeLoosely(std::uint64_t loose_key) {
  return TakeFirst([loose_key](const Waiting& waiting) {
    return waiting.has_loose_key && waiting.loose_key == loose_key;
  });
}

std::optional<PendingTable::Entry> PendingTable::TakeExpired(std::int64_t now_ns) {
  if (empty() || DueTime(waiting_[first_].time_ns) >= now_ns) return std::nullopt;
  return TakeOldest();
}

std::optional<PendingTable::Entry> PendingTable::TakeOldest() {
  if (empty()) return std::nullopt;
  Waiting& oldest = waiting_[first_];
  std::optional<Entry> entry(std::in_place);
  entry->key = oldest.key;
  if (oldest.has_loose_key) entry->loose_key = oldest.loose_key;
  entry->request = Unpack(oldest);
  PopFront();
  return entry;
}

std::int64_t PendingTable::next_due_ns() const {
  return empty() ? INT64_MAX : DueTime(waiting_[first_].time_ns);
}

void RecentKeys::Add(std::uint64_t key) {
  keys_[next_] = key;
  used_[next_] = true;
  next_ = (next_ + 1) % kSize;
}

bool RecentKeys::Has(std::uint64_t key) const {
  for (std::size_t i = 0; i < kSize; ++i) {
    if (used_[i] && keys_[i] == key) return true;
  }
  return false;
}

bool RecentKeys::Take(std::uint64_t key) {
  bool found = false;
  for (std::size_t i = 0; i < kSize; ++i) {
    if (used_[i] && keys_[i] == key) {
      used_[i] = false;
      found = true;
    }
  }
  return found;
}

}  // namespace tapiary::capture
