#include "capture/flow/fragments.h"

namespace tapiary::capture {

void FragmentTable::Put(const FragmentEntry& entry, std::uint64_t hash) {
  FragmentEntry* const set = &entries_[(hash % kSets) * kWays];
  FragmentEntry* victim = set;
  for (FragmentEntry* way = set; way != set + kWays; ++way) {
    if (!way->used || way->key == entry.key) {
      victim = way;
      break;
    }
    if (way->time_ns < victim->time_ns) victim = way;
  }
  *victim = entry;
  victim->used = true;
}

const FragmentEntry* FragmentTable::Find(const FlowKey& key, std::uint64_t hash,
                                         std::int64_t now_ns) const {
  const FragmentEntry* const set = &entries_[(hash % kSets) * kWays];
  for (const FragmentEntry* way = set; way != set + kWays; ++way) {
    if (!way->used || !(way->key == key)) continue;
    const bool known = now_ns != kTimeUnknown && way->time_ns != kTimeUnknown;
    if (known && now_ns > way->time_ns + kFragmentTimeoutNs) return nullptr;
    return way;
  }
  return nullptr;
}

}  // namespace tapiary::capture
