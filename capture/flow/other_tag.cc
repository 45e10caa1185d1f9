#include "capture/flow/other_tag.h"

#include <algorithm>

namespace tapiary::capture {
namespace {

FlowKey Untagged(FlowKey key) {
  key.vlans = {};
  key.vlan_count = 0;
  return key;
}

}  // namespace

std::uint64_t OtherTagIndex::HashEnds(const FlowKey& key, std::uint64_t key_hash,
                                      std::uint64_t seed) {
  return key.vlan_count == 0 ? key_hash : HashKey(Untagged(key), seed);
}

bool OtherTagIndex::Adopt(std::uint64_t key_hash, FlowRef flow) {
  if (adopted_.size() >= kMaxAdopted) return false;
  adopted_[key_hash] = flow;
  return true;
}

FlowRef OtherTagIndex::Adopted(std::uint64_t key_hash) const {
  const auto found = adopted_.find(key_hash);
  return found == adopted_.end() ? FlowRef{} : found->second;
}

bool SameEnds(const FlowKey& a, const FlowKey& b) {
  return Untagged(a) == Untagged(b);
}

bool OneTagsMore(const FlowKey& a, const FlowKey& b) {
  const FlowKey& more = a.vlan_count > b.vlan_count ? a : b;
  const FlowKey& less = a.vlan_count > b.vlan_count ? b : a;
  if (more.vlan_count == less.vlan_count) return false;
  // Tags are taken off from the outside.
  const auto* const inner = more.vlans.data() + (more.vlan_count - less.vlan_count);
  return std::equal(inner, inner + less.vlan_count, less.vlans.data());
}

}  // namespace tapiary::capture
