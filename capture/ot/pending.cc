#include "capture/ot/pending.h"

#include <algorithm>
#include <utility>

namespace tapiary::capture {
namespace {

std::int64_t DueTime(const Transaction& request) {
  if (request.time_ns == kTimeUnknown) return INT64_MAX;
  return request.time_ns + PendingTable::kReplyTimeoutNs;
}

}  // namespace

std::optional<Transaction> PendingTable::Add(Entry entry) {
  std::optional<Transaction> oldest;
  if (waiting() == kMaxPending) oldest = TakeOldest();
  entries_.push_back(std::move(entry));
  return oldest;
}

void PendingTable::PopFront() {
  ++first_;
  if (first_ == entries_.size() || first_ == kMaxPending) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

template <class Match>
std::optional<Transaction> PendingTable::TakeFirst(Match match) {
  const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(first_);
  const auto found = std::find_if(begin, entries_.end(), match);
  if (found == entries_.end()) return std::nullopt;
  std::optional<Transaction> request(std::move(found->request));
  found == begin ? PopFront() : static_cast<void>(entries_.erase(found));
  return request;
}

std::optional<Transaction> PendingTable::Take(std::uint64_t key) {
  return TakeFirst([key](const Entry& entry) { return entry.key == key; });
}

std::optional<Transaction> PendingTable::TakeLoosely(std::uint64_t loose_key) {
  return TakeFirst([loose_key](const Entry& entry) { return entry.loose_key == loose_key; });
}

std::optional<PendingTable::Entry> PendingTable::TakeExpired(std::int64_t now_ns) {
  if (empty() || DueTime(entries_[first_].request) >= now_ns) return std::nullopt;
  std::optional<Entry> entry(std::move(entries_[first_]));
  PopFront();
  return entry;
}

std::optional<Transaction> PendingTable::TakeOldest() {
  if (empty()) return std::nullopt;
  std::optional<Transaction> request(std::move(entries_[first_].request));
  PopFront();
  return request;
}

std::int64_t PendingTable::next_due_ns() const {
  return empty() ? INT64_MAX : DueTime(entries_[first_].request);
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
