#include "capture/flow/flow_key.h"

#include <algorithm>

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
  for (const std::size_t at : {0, 8}) {
    const std::uint64_t a_word = __builtin_bswap64(LoadWord(a.data() + at));
    const std::uint64_t b_word = __builtin_bswap64(LoadWord(b.data() + at));
    if (a_word != b_word) return a_word < b_word;
  }
  return a_port <= b_port;
}

// Sets both ends, the lower one first. Gives the side of the first of the two.
std::uint8_t SetEnds(const End& src, const End& dst, const Decoded& packet, FlowKey& key) {
  // What nobody answers has one direction: its ports are type and code, which do not swap.
  const bool swap = !packet.one_way && !InOrder(src, dst, packet.src_port, packet.dst_port);
  key.low = swap ? dst : src;
  key.high = swap ? src : dst;
  key.low_port = swap ? packet.dst_port : packet.src_port;
  key.high_port = swap ? packet.src_port : packet.dst_port;
  return swap ? 1 : 0;
}

End EndOf(const MacAddress& mac) {
  End end{};
  std::copy(mac.begin(), mac.end(), end.begin());
  return end;
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

bool MakeKey(const Decoded& packet, std::uint16_t interface, FlowKey& key, std::uint8_t& side) {
  side = 0;
  if (HasNoKey(packet.note)) return false;
  if (packet.has_ip && packet.is_fragment && !packet.first_fragment) {
    key = MakeFragmentKey(packet, interface);
    return true;
  }
  SetNetwork(packet, key);
  key.interface = interface;
  if (packet.has_ip) [[likely]] {
    key.proto = packet.proto;
    key.kind = packet.has_ports ? KeyKind::kIpPorts : KeyKind::kIpOnly;
    key.ip_version = packet.src.version;
    key.ether_type = 0;
    side = SetEnds(packet.src.bytes, packet.dst.bytes, packet, key);
    return true;
  }
  if (!packet.has_mac_pair) return false;
  key.proto = 0;
  key.ip_version = 0;
  key.kind = KeyKind::kLayer2;
  // Below 0x600 it is a length: all of them are one kind, LLC.
  key.ether_type = packet.ether_type < 0x600 ? 0 : packet.ether_type;
  side = SetEnds(EndOf(packet.src_mac), EndOf(packet.dst_mac), packet, key);
  return true;
}

}  // namespace tapiary::capture
