// OtherTagIndex: finds the flow of a connection whose two directions carry different VLAN tags.
//
// The VLAN list is part of the flow key, since the same addresses live in many VLANs (cloned
// machine cells). But some mirrors tag one direction only (a trunk seen on egress, an access port
// on ingress), and asymmetric VLANs use two ids: without help such a connection is two one-sided
// flows (FL-07). This index remembers the newest flows by their ends alone, and which keys were
// adopted by a flow with another tag list. Fixed size but for the adopted keys, which are bounded.
// One thread.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "capture/flow/flow_key.h"

namespace tapiary::capture {

struct FlowRef {
  std::uint32_t index = UINT32_MAX;
  std::uint64_t number = 0;  // the flow may be gone and its index in new hands
};

class OtherTagIndex {
 public:
  static constexpr std::size_t kMaxAdopted = 65536;

  OtherTagIndex() : recent_(kRecent) {}

  // Of the key without its tags; `key_hash` is HashKey(key, seed), and the result when it has none.
  static std::uint64_t HashEnds(const FlowKey& key, std::uint64_t key_hash, std::uint64_t seed);

  // A new flow with these ends.
  void Add(std::uint64_t ends_hash, FlowRef flow) { recent_[ends_hash % kRecent] = flow; }
  // The newest flow with these ends, whatever its tags; index UINT32_MAX: none is remembered. It
  // may be another one (the ends are hashed) or gone: the caller compares.
  [[nodiscard]] FlowRef Newest(std::uint64_t ends_hash) const {
    return recent_[ends_hash % kRecent];
  }

  // From now on packets with this key's hash belong to `flow`. False when there is no room.
  bool Adopt(std::uint64_t key_hash, FlowRef flow);
  [[nodiscard]] FlowRef Adopted(std::uint64_t key_hash) const;
  void Forget(std::uint64_t key_hash) { adopted_.erase(key_hash); }
  [[nodiscard]] bool any_adopted() const { return !adopted_.empty(); }

 private:
  // A direction that answers does so soon: among the newest flows is enough.
  static constexpr std::size_t kRecent = 4096;

  std::vector<FlowRef> recent_;
  std::unordered_map<std::uint64_t, FlowRef> adopted_;
};

// Equal but for the VLAN lists.
bool SameEnds(const FlowKey& a, const FlowKey& b);
// One has the other's tags and more, or none: what taking off a tag on the way gives.
bool OneTagsMore(const FlowKey& a, const FlowKey& b);

}  // namespace tapiary::capture
