#include "capture/flow/flow_table.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <new>

namespace tapiary::capture {
namespace {

constexpr int kSecondChances = 16;
constexpr std::uint64_t kFirstSlots = 4096;
constexpr std::size_t kHugePage = 2 << 20;

template <class T>
void Free(T* memory, std::size_t count) {
  if (memory != nullptr) munmap(static_cast<void*>(memory), count * sizeof(T));
}

}  // namespace

template <class T>
T* FlowTable::Reserve(std::size_t count) {
  void* const memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();  // out of memory ends the process
  // Many flows are many pages, more than the processor finds at once. Not the first 2 MiB: few
  // flows need no more memory than before. Advice only.
  const std::size_t bytes = count * sizeof(T);
  if (bytes > 2 * kHugePage) {
    madvise(static_cast<char*>(memory) + kHugePage, bytes - kHugePage, MADV_HUGEPAGE);
  }
  return static_cast<T*>(memory);
}

FlowTable::FlowTable(std::size_t max_flows, std::size_t spare)
    : max_flows_(std::clamp<std::size_t>(max_flows, 1, 1u << 28)), capacity_(max_flows_ + spare) {
  last_mask_ = std::bit_ceil(max_flows_ + max_flows_ * 3 / 5 + 1) - 1;
  mask_ = std::min(kFirstSlots - 1, last_mask_);
  slots_ = Reserve<Slot>(mask_ + 1);
  hot_ = Reserve<FlowHot>(capacity_);
  cold_ = Reserve<FlowCold>(capacity_);
  free_.never_used = capacity_;
}

FlowTable::~FlowTable() {
  std::destroy_n(cold_, used_);
  Free(slots_, mask_ + 1);
  Free(hot_, capacity_);
  Free(cold_, capacity_);
}

void FlowTable::PrefetchFlow(std::uint64_t hash) const {
  const Slot& slot = slots_[hash & mask_];
  if (slot.index_plus_one == 0) return;
  const char* const flow = reinterpret_cast<const char*>(&hot_[slot.index_plus_one - 1]);
  __builtin_prefetch(flow);
  __builtin_prefetch(flow + 64, 1);
}

std::uint32_t FlowTable::Find(const FlowKey& key, std::uint64_t hash) const {
  const std::uint32_t tag = static_cast<std::uint32_t>(hash);
  for (std::uint64_t at = hash & mask_;; at = (at + 1) & mask_) {
    const Slot& slot = slots_[at];
    if (slot.index_plus_one == 0) return kNoFlow;
    if (slot.hash == tag && hot_[slot.index_plus_one - 1].key == key) {
      return slot.index_plus_one - 1;
    }
  }
}

std::uint32_t FlowTable::Insert(const FlowKey& key, std::uint64_t hash, std::int64_t now_ns) {
  std::uint32_t index = 0;
  if (!free_.indices.empty()) {
    index = free_.indices.back();
    free_.indices.pop_back();
  } else {
    --free_.never_used;
    index = used_++;
    std::construct_at(&hot_[index]);
    std::construct_at(&cold_[index]);
  }
  FlowHot& flow = hot_[index];
  flow.key = key;
  flow.hash = static_cast<std::uint32_t>(hash);
  flow.bits = kLive | kEmbryo;
  if (live_ * 2 > mask_ && mask_ != last_mask_) Grow();
  Link(flow.hash, index);
  ++live_;
  Append(embryos_, index, now_ns);
  return index;
}

void FlowTable::Link(std::uint32_t hash, std::uint32_t index) {
  std::uint64_t at = hash & mask_;
  while (slots_[at].index_plus_one != 0) at = (at + 1) & mask_;
  slots_[at] = {hash, index + 1};
}

// The slots hold all that is needed, so no flow is touched: 3 ms for a million of them.
void FlowTable::Grow() {
  Slot* const old = slots_;
  const std::uint64_t count = mask_ + 1;
  slots_ = Reserve<Slot>(2 * count);
  mask_ = 2 * count - 1;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (old[i].index_plus_one != 0) Link(old[i].hash, old[i].index_plus_one - 1);
  }
  Free(old, count);
}

void FlowTable::Unlink(std::uint32_t index) {
  std::uint64_t hole = hot_[index].hash & mask_;
  while (slots_[hole].index_plus_one != index + 1) hole = (hole + 1) & mask_;
  // Move each follower whose home is at or before the hole back into it.
  for (std::uint64_t at = (hole + 1) & mask_; slots_[at].index_plus_one != 0;
       at = (at + 1) & mask_) {
    const std::uint64_t home = slots_[at].hash & mask_;
    if (((at - home) & mask_) >= ((at - hole) & mask_)) {
      slots_[hole] = slots_[at];
      hole = at;
    }
  }
  slots_[hole] = Slot{};
  --live_;
  Remove(ListOf(index), index);
}

void FlowTable::Release(std::uint32_t index) {
  hot_[index] = FlowHot{};
  cold_[index] = FlowCold{};
  free_.indices.push_back(index);
}

void FlowTable::Append(List& list, std::uint32_t index, std::int64_t now_ns) {
  FlowCold& cold = cold_[index];
  cold.list_next = kNoFlow;
  cold.list_prev = list.tail;
  cold.listed = static_cast<std::uint32_t>(now_ns);
  (list.tail == kNoFlow ? list.head : cold_[list.tail].list_next) = index;
  list.tail = index;
}

void FlowTable::Remove(List& list, std::uint32_t index) {
  const FlowCold& cold = cold_[index];
  (cold.list_prev == kNoFlow ? list.head : cold_[cold.list_prev].list_next) = cold.list_next;
  (cold.list_next == kNoFlow ? list.tail : cold_[cold.list_next].list_prev) = cold.list_prev;
}

void FlowTable::LeaveEmbryos(std::uint32_t index, std::int64_t now_ns) {
  Remove(embryos_, index);
  hot_[index].Clear(kEmbryo);
  Append(grown_, index, now_ns);
}

// Times are equal when no packet came since, and their low halves tell well enough: that a packet
// came a whole number of 4.3 s later, to the nanosecond, costs one flow its second chance.
bool FlowTable::IsQuiet(std::uint32_t index) const {
  return static_cast<std::uint32_t>(hot_[index].last_ns) == cold_[index].listed;
}

std::uint32_t FlowTable::PickVictim() {
  if (embryos_.head != kNoFlow) return embryos_.head;
  // A flow that had packets since it took its place goes to the end once more.
  for (int chance = 0; chance < kSecondChances; ++chance) {
    const std::uint32_t index = grown_.head;
    if (index == kNoFlow || IsQuiet(index)) return index;
    Remove(grown_, index);
    Append(grown_, index, hot_[index].last_ns);
  }
  return grown_.head;
}

}  // namespace tapiary::capture
