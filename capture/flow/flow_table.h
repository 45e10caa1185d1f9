// FlowTable: the flows of one worker, found by key.
//
// Open addressing with linear probing over 8-byte slots, which point into two arrays: hot and cold
// state. All memory is bounded by max_flows at birth; the arrays are reserved as address space and
// become real as flows fill them, so a large limit costs nothing while it is not used. The slots
// double as flows come (half full, in the last size 5/8), so that those of few flows lie close
// together: spread over the slots of a million, each would be a page of its own. Deleting shifts
// entries back, so look-ups never slow down with age. Also keeps the order in which flows are given
// up when the table is full: first those that are only a first packet or SYN (FL-08), then those
// that were quiet longest. Hot path. One writer, no other reader.
#pragma once

#include <cstdint>
#include <vector>

#include "capture/flow/flow.h"

namespace tapiary::capture {

class FlowTable {
 public:
  // Room for `max_flows` live flows and `spare` more that ended but are not yet released.
  FlowTable(std::size_t max_flows, std::size_t spare);
  ~FlowTable();
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  void Prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[hash & mask_]); }
  // Fetches the first flow in the key's slot, if any; a guess that is right most of the time.
  void PrefetchFlow(std::uint64_t hash) const;

  [[nodiscard]] std::uint32_t Find(const FlowKey& key, std::uint64_t hash) const;
  // Requires that the key is not there and !full(). The flow is reset, at the end of the eviction
  // order of first packets.
  std::uint32_t Insert(const FlowKey& key, std::uint64_t hash, std::int64_t now_ns);
  // Takes the flow out of look-up and eviction order; its state stays until Release.
  void Unlink(std::uint32_t index);
  void Release(std::uint32_t index);

  // Grows up: no longer the first to be evicted.
  void LeaveEmbryos(std::uint32_t index, std::int64_t now_ns);
  // The flow to give up next, or kNoFlow when there is none.
  std::uint32_t PickVictim();

  [[nodiscard]] bool full() const { return live_ >= max_flows_ || free_.empty(); }
  [[nodiscard]] std::size_t live() const { return live_; }
  [[nodiscard]] FlowHot& hot(std::uint32_t index) { return hot_[index]; }
  [[nodiscard]] const FlowHot& hot(std::uint32_t index) const { return hot_[index]; }
  [[nodiscard]] FlowCold& cold(std::uint32_t index) { return cold_[index]; }
  // Every index below this was used at least once.
  [[nodiscard]] std::uint32_t used() const { return used_; }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t index_plus_one = 0;  // 0: empty
  };
  struct List {
    std::uint32_t head = kNoFlow;
    std::uint32_t tail = kNoFlow;
  };
  void Grow();
  void Link(std::uint32_t hash, std::uint32_t index);
  void Append(List& list, std::uint32_t index, std::int64_t now_ns);
  void Remove(List& list, std::uint32_t index);
  [[nodiscard]] bool IsQuiet(std::uint32_t index) const;
  List& ListOf(std::uint32_t index) { return hot_[index].Has(kEmbryo) ? embryos_ : grown_; }

  // Address space of `count` objects, zero and not yet real.
  template <class T>
  static T* Reserve(std::size_t count);

  std::size_t max_flows_;
  std::size_t capacity_;
  std::size_t live_ = 0;
  std::uint32_t used_ = 0;
  std::uint64_t mask_ = 0;
  std::uint64_t last_mask_ = 0;  // of the largest size
  Slot* slots_ = nullptr;
  FlowHot* hot_ = nullptr;
  FlowCold* cold_ = nullptr;
  struct FreeList {
    std::vector<std::uint32_t> indices;
    std::size_t never_used = 0;
    [[nodiscard]] bool empty() const { return indices.empty() && never_used == 0; }
  } free_;
  List embryos_;
  List grown_;
};

}  // namespace tapiary::capture
