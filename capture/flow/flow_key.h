// FlowKey: what makes two packets one flow, and its hash.
//
// The innermost addresses, ports and protocol, the VLAN list (FL-07) and the interface; for frames
// without IP the MAC pair and EtherType. The interface belongs to the key because the blocks that a
// flow record lists are numbered per interface, and because two interfaces of one file that saw the
// same packet would otherwise count it twice in one flow (FL-10). The lower end comes first, so
// both directions have the same key; the side of a packet is which end sent it. Hot path: 56 bytes,
// hashed once per packet. Plain data.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "capture/decode/decode.h"
#include "capture/flow/mix.h"
#include "capture/load_word.h"

namespace tapiary::capture {

enum class KeyKind : std::uint8_t {
  kLayer2 = 0,
  kIpPorts = 1,   // ports are known (ICMP: type and code)
  kIpOnly = 2,    // a protocol without ports, or ports out of reach
  kFragment = 3,  // ports are the identification of a fragmented datagram; ends keep their order
};

// Seven words, in an order in which no member lies across two of them.
struct FlowKey {
  std::array<std::uint8_t, 16> low{};  // IP, or MAC in the first six
  std::array<std::uint8_t, 16> high{};
  std::uint16_t low_port = 0;
  std::uint16_t high_port = 0;
  std::uint8_t proto = 0;
  std::uint8_t ip_version = 0;
  KeyKind kind = KeyKind::kLayer2;
  std::uint8_t vlan_count = 0;
  std::array<std::uint16_t, kMaxVlans> vlans{};
  std::uint16_t ether_type = 0;
  std::uint16_t interface = 0;
  std::uint32_t tunnel = 0;  // hash of the tunnel ids around the packet; 0: none

  // No padding, see below.
  [[nodiscard]] std::uint64_t word(std::size_t i) const {
    return LoadWord(reinterpret_cast<const char*>(this) + 8 * i);
  }
  bool operator==(const FlowKey& other) const {
    const auto differ = [&](std::size_t i) { return word(i) ^ other.word(i); };
    return (differ(0) | differ(1) | differ(2) | differ(3) | differ(4) | differ(5) | differ(6)) == 0;
  }
};
static_assert(sizeof(FlowKey) == 56 && std::has_unique_object_representations_v<FlowKey>);

// False when the packet belongs to no flow (see Decoded::note). `side` is 0 when the key's low end
// sent the packet, else 1. Later fragments get a key of kind kFragment.
bool MakeKey(const Decoded& packet, std::uint16_t interface, FlowKey& key, std::uint8_t& side);
// The key under which later fragments of this first fragment's datagram will ask.
FlowKey MakeFragmentKey(const Decoded& packet, std::uint16_t interface);

// Keyed hashes: an attacker who does not know the seed cannot aim at one chain of the table.
struct KeyHash {
  std::uint64_t ends;  // of addresses, ports and protocol only: what copies of a packet share
  std::uint64_t all;
};

inline KeyHash HashParts(const FlowKey& key, std::uint64_t seed) {
  constexpr unsigned kVlanCountAt = 56;  // in word 4
  Mix mix(seed);
  mix.Add(key.word(0), key.word(2));
  mix.Add(key.word(1), key.word(3));
  mix.Add(key.word(4) & ~(0xffull << kVlanCountAt), 0);
  const std::uint64_t ends = mix.hash();
  mix.Add(key.word(5), key.word(6));
  mix.Add(key.word(4) >> kVlanCountAt, 0);
  return {ends, mix.hash()};
}

inline std::uint64_t HashKey(const FlowKey& key, std::uint64_t seed) {
  return HashParts(key, seed).all;
}

}  // namespace tapiary::capture
