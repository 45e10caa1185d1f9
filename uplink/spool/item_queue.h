// ItemQueue: flows or facts in the spool, one row an item. Internal; guarded by the spool's mutex.
//
// Everything before the head is delivered. Acknowledging only moves the stored head; what it passed
// is deleted in ranges, now and then, so that a million acknowledgements leave no trail of
// tombstones. Changes go into a batch and a copy of the state, which the spool sets after the batch
// was written.
#pragma once

#include <optional>

#include "uplink/spool/format.h"
#include "uplink/spool/spool.h"
#include "uplink/spool/store.h"

namespace tapiary::uplink {

class ItemQueue {
 public:
  struct State {
    Head head;
    Place next;               // of the item to be put in
    std::uint64_t after = 0;  // bytes ever put in
    Place trimmed;            // rows before it are deleted
    std::uint64_t untrimmed_items = 0;
    std::uint64_t untrimmed_bytes = 0;
  };

  explicit ItemQueue(Kind kind);

  // Finds head and end of what earlier epochs left.
  base::Result<> Load(Store& store, std::uint64_t epoch);
  [[nodiscard]] const State& state() const { return state_; }
  void set_state(const State& state) { state_ = state; }

  [[nodiscard]] bool empty() const { return state_.head.before == state_.after; }
  [[nodiscard]] std::uint64_t bytes() const { return state_.after - state_.head.before; }

  // The oldest item. kCorrupt when it cannot be read.
  base::Result<std::optional<Item>> First(Store& store) const;

  // The head behind rows that cannot be read: the next item that can, or the queue's end.
  [[nodiscard]] Head NextReadable(Store& store) const;

  // Puts an item in; adds to batch and state. Gives its body.
  std::string Append(StoreBatch& batch, State& state, std::int64_t now_ns, const Encode& encode,
                     const Seal* seal = nullptr) const;
  // Moves the head behind an item that First gave; false when it is not the oldest any more.
  bool Remove(StoreBatch& batch, State& state, const Item& item) const;
  // Moves the head to the place of a later item, or behind all.
  void RemoveTo(StoreBatch& batch, State& state, const Head& head, std::uint64_t items) const;
  // Gives space back after a batch with a trim was written: `before` is the state before it.
  void DropFiles(Store& store, const State& before) const;

  [[nodiscard]] Family family() const { return family_; }
  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  Kind kind_;
  Family family_;
  std::string_view head_key_;
  State state_;
};

// What an item of `body_bytes` costs in the store.
std::uint64_t ItemCost(std::size_t body_bytes);

}  // namespace tapiary::uplink
