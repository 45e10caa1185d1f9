// PendingTable: requests that wait for their response, of one flow.
//
// Paired by a key of the protocol's own (for Modbus unit and transaction id), the oldest first when
// a key repeats. Bounded: the oldest makes room and is handed back as unanswered, so neither time
// nor memory grows with what a peer never answers (OT-13). All but the newest are packed, so that
// thousands of flows that are never answered stay small, and one answer a request costs nothing.
// Order of arrival is order of expiry. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "capture/ot/packed_transaction.h"
#include "capture/records.h"

namespace tapiary::capture {

class PendingTable {
 public:
  static constexpr std::size_t kMaxPending = 256;
  static constexpr std::int64_t kReplyTimeoutNs = 10 * base::kNanosPerSecond;

  struct Entry {
    std::uint64_t key = 0;
    std::optional<std::uint64_t> loose_key;  // a weaker key, asked when no strong one matches
    Transaction request;
  };

  // Hands back the oldest entry when it had to make room.
  std::optional<Entry> Add(Entry entry);
  // The oldest request with that key.
  std::optional<Transaction> Take(std::uint64_t key);
  std::optional<Transaction> TakeLoosely(std::uint64_t loose_key);
  // The oldest that waits longer than kReplyTimeoutNs at `now_ns`; nothing when none does.
  std::optional<Entry> TakeExpired(std::int64_t now_ns);
  std::optional<Entry> TakeOldest();
  // INT64_MAX when empty.
  [[nodiscard]] std::int64_t next_due_ns() const;
  [[nodiscard]] bool empty() const { return waiting() == 0; }
  // Of the heap.
  [[nodiscard]] std::size_t held_bytes() const {
    return waiting_.capacity() * sizeof(Waiting) + packed_bytes_ + newest_bytes_;
  }

 private:
  struct Waiting {
    std::uint64_t key = 0;
    std::uint64_t loose_key = 0;
    std::int64_t time_ns = 0;
    PackedTransaction packed;  // empty: it is newest_
    bool has_loose_key = false;
  };
  template <class Match>
  std::optional<Transaction> TakeFirst(Match match);
  [[nodiscard]] std::size_t waiting() const { return waiting_.size() - first_; }
  Transaction Unpack(Waiting& waiting);
  void PackNewest();
  void PopFront();

  // In order of arrival from first_ on; what lies before was taken and is dropped now and then, so
  // that a request and its answer cost no allocation of the table's own.
  std::vector<Waiting> waiting_;
  std::size_t first_ = 0;
  std::optional<Transaction> newest_;  // the request of waiting_.back()
  std::size_t newest_bytes_ = 0;
  std::size_t packed_bytes_ = 0;
};

// The last few keys of some kind, for telling repeated or late replies. Fixed size.
class RecentKeys {
 public:
  void Add(std::uint64_t key);
  // Forgets the key as well.
  bool Take(std::uint64_t key);
  [[nodiscard]] bool Has(std::uint64_t key) const;

 private:
  static constexpr std::size_t kSize = 16;
  std::uint64_t keys_[kSize] = {};
  bool used_[kSize] = {};
  std::size_t next_ = 0;
};

}  // namespace tapiary::capture
