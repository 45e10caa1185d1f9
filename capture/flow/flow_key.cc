#include "capture/flow/flow_key.h"

#include <utility>

namespace tapiary::capture {
namespace {

void SetNetwork(const Decoded& packet, FlowKey& key) {
  if (packet.tunnel_count != 0) key.tunnel = NetworkHash(packet.tunnels());
  key.vlans = packet.vlans;
  key.vlan_count = packet.vlan_count;
}

void SetAddresses(const Decoded& packet, FlowKey& key) {
  key.low = packet.src.bytes;
  key.high = packet.dst.bytes;
  key.ip_version = packet.src.version;
}

void SwapEnds(FlowKey& key) {
  std::swap(key.low, key.high);
  std::swap(key.low_port, key.high_port);
}

bool InOrder(const FlowKey& key) {
  const int order = std::memcmp(key.low.data(), key.high.data(), key.low.size());
  return order < 0 || (order == 0 && key.low_port <= key.high_port);
}

bool HasNoKey(DecodeNote note) {
  return note == DecodeNote::kUndecodedLink || note == DecodeNote::kLinkTruncated ||
         note == DecodeNote::kBadIpHeader || note == DecodeNote::kL4Truncated;
}

}  // namespace

FlowKey MakeFragmentKey(const Decoded& packet, std::uint16_t interface) {
  FlowKey key;
  SetAddresses(packet, key);
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
  key = FlowKey{};
  key.interface = interface;
  SetNetwork(packet, key);
  if (packet.has_ip) {
    SetAddresses(packet, key);
    key.proto = packet.proto;
    key.kind = packet.has_ports ? KeyKind::kIpPorts : KeyKind::kIpOnly;
    key.low_port = packet.src_port;
    key.high_port = packet.dst_port;
  } else if (packet.has_mac_pair) {
    std::memcpy(key.low.data(), packet.src_mac.data(), packet.src_mac.size());
    std::memcpy(key.high.data(), packet.dst_mac.data(), packet.dst_mac.size());
    // Below 0x600 it is a length: all of them are one kind, LLC.
    key.ether_type = packet.ether_type < 0x600 ? 0 : packet.ether_type;
  } else {
    return false;
  }
  // What nobody answers has one direction: its ports are type and code, which do not swap.
  if (!packet.one_way && !InOrder(key)) {
    SwapEnds(key);
    side = 1;
  }
  return true;
}

std::uint64_t HashKey(const FlowKey& key, std::uint64_t seed) {
  // Multiply and fold, eight bytes at a time: every input bit reaches every output bit.
  std::array<std::uint64_t, 7> words{};
  std::memcpy(words.data(), &key, sizeof key);
  std::uint64_t hash = seed ^ 0x9e3779b97f4a7c15ull;
  for (const std::uint64_t word : words) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(hash ^ word) * 0xd6e8feb86659fd93ull;
    hash = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    hash += seed;
  }
  return hash ^ (hash >> 32);
}

}  // namespace tapiary::capture
