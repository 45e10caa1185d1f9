// CopyDetector: tells a packet that the capture point delivered twice from two packets.
//
// A SPAN session or OVS mirror that selects a packet on its way in and on its way out delivers it
// twice, with or without VLAN tag, from the parent and the VLAN interface, or from two mirrors;
// HSR, PRP and a router in between have the same effect (FL-10). The fingerprint is what such
// copies share: addresses, IP identification, length, ports, TCP numbers, parts of the payload. Not
// MAC addresses, tags, tunnels, TTL or interface. Equal fingerprints within a millisecond are
// copies; a retransmission has another IP identification or comes later. A suspicion, so it is
// counted (FlowRecord::duplicates), and only an option drops on it. Table of fixed size, a cache
// line for the last three packets of a set; hot path; one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "capture/decode/decode.h"
#include "capture/flow/mix.h"

namespace tapiary::capture {

enum class CopyKind : std::uint8_t {
  kNone,
  kSameFlow,   // of a packet of the same flow
  kOtherFlow,  // of one that the flow key tells apart: another tag, tunnel or interface
};

class CopyDetector {
 public:
  static constexpr std::int64_t kWindowNs = base::kNanosPerMilli;

  explicit CopyDetector(std::uint64_t seed) : mix_(seed), sets_(kSets) {}

  // What copies share. `ends` is the hash of the ends (KeyHash), `side` which of them sent it.
  [[nodiscard]] std::uint64_t Fingerprint(const Decoded& packet, std::uint64_t ends,
                                          std::uint8_t side) const;
  void Prefetch(std::uint64_t print) const { __builtin_prefetch(&sets_[print % kSets], 1); }
  // `flow_hash` is that of the packet's flow key. In order of arrival.
  CopyKind Check(std::uint64_t print, std::uint32_t flow_hash, std::int64_t time_ns);

 private:
  static constexpr std::size_t kSets = 1024;
  static constexpr std::size_t kWays = 3;
  // With one way, packets between two copies would hide some of them, others in
  // each run (R5).
  struct alignas(64) Set {
    std::uint64_t prints[kWays] = {};
    std::int64_t times_ns[kWays] = {kTimeUnknown, kTimeUnknown, kTimeUnknown};
    std::uint32_t flow_hashes[kWays] = {};
    std::uint32_t oldest = 0;  // the way that is given up next
  };
  static_assert(sizeof(Set) == 64);

  static CopyKind Compare(const Set& set, std::uint64_t print, std::uint32_t flow_hash,
                          std::int64_t time_ns);

  Mix mix_;
  std::vector<Set> sets_;
};

}  // namespace tapiary::capture
