#include "capture/flow/flow_key.h"

#include <algorithm>
#include <cstring>

namespace tapiary::capture {
namespace {

void SetNetwork(const Decoded& packet, FlowKey& key) {
  key.tunnel = packet.tunnel_count != 0 ? NetworkHash(packet.tunnels()) : 0;
  key.vlans = packet.vlans;
  key.vlan_count = packet.vlan_count;
}

using End = std::array<std::uint8_t, 16>;

// The order of the bytes, eight at a time.
bool InOrder(const End& a, const End& b, std::uint16_t a_port, std::uint16_t b_port) {
  const auto big = [](const std::uint8_t* at) { return __builtin_bswap64(LoadWord(at)); };
  const std::uint64_t a_first = big(a.data()), b_first = big(b.data());
  if (a_first != b_first) return a_first < b_first;
  const std::uint64_t a_last = big(a.data() + 8), b_last = big(b.data() + 8);
  if (a_last != b_last) return a_last < b_last;
  return a_port <= b_port;
}

// Swaps eight bytes where `mask` is set.
void SetHalf(const End& src, const End& dst, std::size_t at, std::uint64_t mask, FlowKey& key) {
  const std::uint64_t a = LoadWord(src.data() + at), b = LoadWord(dst.data() + at);
  const std::uint64_t change = (a ^ b) & mask;
  const std::uint64_t low = a ^ change, high = b ^ change;
  std::memcpy(key.low.data() + at, &low, sizeof low);
  std::memcpy(key.high.data() + at, &high, sizeof high);
}

// Sets both ends, the lower one first. Gives the side of the first of the two. Which one it is
// changes from packet to packet as nothing foresees, so no branch hangs on it.
[[gnu::always_inline]] inline std::uint8_t SetEnds(const End& src, const End& dst,
                                                   const Decoded& packet, FlowKey& key) {
  // What nobody answers has one direction: its ports are type and code, which do not swap.
  const bool keep = InOrder(src, dst, packet.src_port, packet.dst_port) | packet.one_way;
  const std::uint64_t mask = static_cast<std::uint64_t>(keep) - 1;
  SetHalf(src, dst, 0, mask, key);
  SetHalf(src, dst, 8, mask, key);
  const auto change = static_cast<std::uint16_t>((packet.src_port ^ packet.dst_port) & mask);
  key.low_port = packet.src_port ^ change;
  key.high_port = packet.dst_port ^ change;
  return keep ? 0 : 1;
}

[[gnu::always_inline]] inline std::uint8_t SetIpEnds(const Decoded& packet, FlowKey& key) {
  key.proto = packet.proto;
  key.ip_version = packet.src.version;
  key.kind = packet.has_ports ? KeyKind::kIpPorts : KeyKind::kIpOnly;
  key.ether_type = 0;
  return SetEnds(packet.src.bytes, packet.dst.bytes, packet, key);
}

std::uint8_t SetFrameEnds(const Decoded& packet, FlowKey& key) {
  End src{}, dst{};
  std::copy(packet.src_mac.begin(), packet.src_mac.end(), src.begin());
  std::copy(packet.dst_mac.begin(), packet.dst_mac.end(), dst.begin());
  key.proto = 0;
  key.ip_version = 0;
  key.kind = KeyKind::kLayer2;
  // Below 0x600 it is a length: all of them are one kind, LLC.
  key.ether_type = packet.ether_type < 0x600 ? 0 : packet.ether_type;
  return SetEnds(src, dst, packet, key);
}

bool HasNoKey(DecodeNote note) {
  return note == DecodeNote::kUndecodedLink || note == DecodeNote::kLinkTruncated ||
         note == DecodeNote::kBadIpHeader || note == DecodeNote::kL4Truncated;
}

}  // namespace

FlowKey MakeFragmentKey(const Decoded& packet, std::uint16_t interface) {
  FlowKey key;
  key.low = packet.src.bytes;
  key.high = packet.dst.bytes;
  key.ip_version = packet.src.version;
  SetNetwork(packet, key);
  key.kind = KeyKind::kFragment;
  // Only IPv4 tells the same protocol in every fragment.
  key.proto = packet.src.version == 4 ? packet.proto : 0;
  key.low_port = static_cast<std::uint16_t>(packet.ip_id >> 16);
  key.high_port = static_cast<std::uint16_t>(packet.ip_id);
  key.interface = interface;
  return key;
}

namespace {

// Apart from MakeKey, which needs no stack then.
[[gnu::noinline]] bool MakeRareKey(const Decoded& packet, std::uint16_t interface, FlowKey& key,
                                   std::uint8_t& side) {
  side = 0;
  if (HasNoKey(packet.note)) return false;
  if (packet.has_ip && packet.is_fragment && !packet.first_fragment) {
    key = MakeFragmentKey(packet, interface);
    return true;
  }
  if (!packet.has_ip && !packet.has_mac_pair) return false;
  SetNetwork(packet, key);
  key.interface = interface;
  side = packet.has_ip ? SetIpEnds(packet, key) : SetFrameEnds(packet, key);
  return true;
}

}  // namespace

bool MakeKey(const Decoded& packet, std::uint16_t interface, FlowKey& key, std::uint8_t& side) {
  const bool usual = packet.has_ip && packet.note == DecodeNote::kNone && !packet.is_fragment &&
                     packet.tunnel_count == 0;
  if (!usual) [[unlikely]]
    return MakeRareKey(packet, interface, key, side);
  key.vlans = packet.vlans;
  key.vlan_count = packet.vlan_count;
  key.tunnel = 0;
  key.interface = interface;
  side = SetIpEnds(packet, key);
  return true;
}

}  // namespace tapiary::capture
