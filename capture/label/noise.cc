#include "capture/label/noise.h"

#include <algorithm>
#include <bitset>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstring>
#include <deque>
#include <map>
#include <utility>

namespace tapiary::capture {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::size_t kPrefixes = 129;

// A network: its address in two words, and version and prefix length.
struct Network {
  std::uint64_t high = 0, low = 0;
  std::uint16_t kind = 0;
  bool operator==(const Network&) const = default;
};

struct NetworkHash {
  std::size_t operator()(const Network& network) const {
    std::uint64_t hash = network.high * 0x9e3779b97f4a7c15u;
    hash = (hash ^ (hash >> 32) ^ network.low) * 0xff51afd7ed558ccdu;
    hash = (hash ^ (hash >> 32) ^ network.kind) * 0xc4ceb9fe1a85ec53u;
    return hash ^ (hash >> 29);
  }
};

std::uint64_t BigWord(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i) word = word << 8 | bytes[i];
  return word;
}

std::uint64_t Mask(std::size_t bits) {
  return bits == 0 ? 0 : bits >= 64 ? UINT64_MAX : UINT64_MAX << (64 - bits);
}

Network MakeNetwork(const IpAddress& address, std::size_t prefix) {
  return {BigWord(address.bytes.data()) & Mask(prefix),
          BigWord(address.bytes.data() + 8) & Mask(prefix > 64 ? prefix - 64 : 0),
          static_cast<std::uint16_t>(address.version << 8 | prefix)};
}

}  // namespace

struct NoiseFilter::Impl {
  struct Entry {
    std::int64_t expires_ns;
    const NoiseMark* mark;
    std::uint32_t rule;
    std::uint32_t next;  // of the same network, in the order of the rules
  };
  struct Chain {
    std::uint32_t first = kNone, last = kNone;
  };

  [[nodiscard]] const Entry* Find(const IpAddress& address, bool is_orig,
                                  const NoiseQuery& query) const;

  std::vector<NoiseRule> rules;
  std::deque<NoiseMark> marks;  // stays where it is
  std::vector<Entry> entries;
  boost::unordered_flat_map<Network, Chain, NetworkHash> networks;
  std::bitset<kPrefixes> used[2];  // prefix lengths that occur, by address family
};

NoiseFilter::NoiseFilter() : impl_(std::make_unique<Impl>()) {}
NoiseFilter::~NoiseFilter() = default;

std::size_t NoiseFilter::entries() const {
  return impl_->entries.size();
}

void NoiseFilter::Add(const NoiseRule& rule, const std::vector<NoiseEntry>& entries) {
  std::map<std::string, const NoiseMark*> names;
  const auto rule_index = static_cast<std::uint32_t>(impl_->rules.size());
  impl_->rules.push_back(rule);
  for (const NoiseEntry& entry : entries) {
    const NoiseMark*& mark = names[entry.label.empty() ? rule.name : entry.label];
    if (mark == nullptr) {
      mark = &impl_->marks.emplace_back(
          NoiseMark{entry.label.empty() ? rule.name : entry.label, rule.store});
    }
    const auto index = static_cast<std::uint32_t>(impl_->entries.size());
    impl_->entries.push_back({entry.expires_ns, mark, rule_index, kNone});
    impl_->used[entry.network.version == 4 ? 0 : 1].set(entry.prefix);
    Impl::Chain& chain = impl_->networks[MakeNetwork(entry.network, entry.prefix)];
    (chain.first == kNone ? chain.first : impl_->entries[chain.last].next) = index;
    chain.last = index;
  }
}

const NoiseFilter::Impl::Entry* NoiseFilter::Impl::Find(const IpAddress& address, bool is_orig,
                                                        const NoiseQuery& query) const {
  if (address.version == 0) return nullptr;
  const std::bitset<kPrefixes>& lengths = used[address.version == 4 ? 0 : 1];
  for (std::size_t prefix = address.version == 4 ? 33 : 129; prefix-- > 0;) {
    if (!lengths[prefix]) continue;
    const auto found = networks.find(MakeNetwork(address, prefix));
    if (found == networks.end()) continue;
    for (std::uint32_t at = found->second.first; at != kNone; at = entries[at].next) {
      const NoiseRule& rule = rules[entries[at].rule];
      const std::int64_t expires_ns = entries[at].expires_ns;
      const bool lasts = query.time_ns < expires_ns || expires_ns == INT64_MAX;
      const bool fits = (is_orig || rule.either) && rule.Wants(query.proto, query.resp_port);
      if (fits && lasts) return &entries[at];
    }
  }
  return nullptr;
}

const NoiseMark* NoiseFilter::Match(const NoiseQuery& query) const {
  const Impl::Entry* entry = impl_->Find(query.orig, true, query);
  if (entry == nullptr) entry = impl_->Find(query.resp, false, query);
  return entry == nullptr ? nullptr : entry->mark;
}

base::Result<std::shared_ptr<const NoiseFilter>> NoiseFilter::Load(
    const std::vector<std::string>& rules) {
  auto filter = std::make_shared<NoiseFilter>();
  for (const std::string& text : rules) {
    TAPIARY_ASSIGN(const NoiseRule rule, ParseNoiseRule(text));
    TAPIARY_ASSIGN(const std::vector<NoiseEntry> entries,
                   ReadNoiseList(rule.path, kMaxNoiseEntries - filter->entries()));
    filter->Add(rule, entries);
  }
  return std::shared_ptr<const NoiseFilter>(std::move(filter));
}

}  // namespace tapiary::capture
