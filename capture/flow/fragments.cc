#include "capture/flow/fragments.h"

#include <algorithm>
#include <utility>

namespace tapiary::capture {

void FragmentStash::Put(const FlowKey& key, const Decoded& fragment, std::int64_t time_ns) {
  Piece& piece = pieces_[next_];
  next_ = (next_ + 1) % kMaxPieces;
  piece.key = key;
  piece.used = true;
  piece.offset = fragment.fragment_offset;
  piece.length = fragment.payload_length;
  piece.more = fragment.more_fragments;
  piece.time_ns = time_ns;
  piece.bytes.assign(fragment.payload.begin(), fragment.payload.end());
}

void FragmentStash::Take(const FlowKey& key, std::vector<Piece>& out) {
  for (Piece& piece : pieces_) {
    if (!piece.used || !(piece.key == key)) continue;
    piece.used = false;
    out.push_back(std::move(piece));
    piece.bytes = {};
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Piece& a, const Piece& b) { return a.offset < b.offset; });
}

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
