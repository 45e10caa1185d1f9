#include "capture/flow/flow_key.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

namespace tapiary::capture {
namespace {

std::uint32_t TunnelOf(const Decoded& packet) {
  return packet.tunnel_count != 0 ? NetworkHash(packet.tunnels()) : 0;
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

// What the key has beside addresses and ports.
struct Middle {
  std::uint8_t proto = 0;
  std::uint8_t ip_version = 0;
  KeyKind kind = KeyKind::kLayer2;
  std::uint16_t ether_type = 0;
  std::uint16_t interface = 0;
  std::uint32_t tunnel = 0;
};

// Swaps eight bytes where `mask` is set.
void SetHalf(const End& src, const End& dst, std::size_t at, std::uint64_t mask, FlowKey& key) {
  const std::uint64_t a = LoadWord(src.data() + at), b = LoadWord(dst.data() + at);
  const std::uint64_t change = (a ^ b) & mask;
  const std::uint64_t low = a ^ change, high = b ^ change;
  StoreWord(key.low.data() + at, low);
  StoreWord(key.high.data() + at, high);
}

// The last three words of the key. Stored as words, because they are hashed at once as words: a
// load of what was stored in smaller pieces waits until these have left the processor's store
// buffer.
[[gnu::always_inline]] inline void SetTail(const Decoded& packet, const Middle& middle,
                                           std::uint32_t ports, FlowKey& key) {
  static_assert(offsetof(FlowKey, low_port) == 32 && offsetof(FlowKey, proto) == 36 &&
                offsetof(FlowKey, vlan_count) == 39 && offsetof(FlowKey, vlans) == 40 &&
                offsetof(FlowKey, ether_type) == 48 && offsetof(FlowKey, tunnel) == 52 &&
                sizeof(packet.vlans) == 8);
  std::uint8_t* const tail = reinterpret_cast<std::uint8_t*>(&key) + offsetof(FlowKey, low_port);
  StoreWord(tail, std::uint64_t{ports} | std::uint64_t{middle.proto} << 32 |
                      std::uint64_t{middle.ip_version} << 40 |
                      static_cast<std::uint64_t>(middle.kind) << 48 |
                      std::uint64_t{packet.vlan_count} << 56);
  StoreWord(tail + 8, LoadWord(packet.vlans.data()));
  StoreWord(tail + 16, std::uint64_t{middle.ether_type} | std::uint64_t{middle.interface} << 16 |
                           std::uint64_t{middle.tunnel} << 32);
}

// Sets the key, the lower end first. Gives the side of `src`. Which one it is changes from packet
// to packet as nothing foresees, so no branch hangs on it.
[[gnu::always_inline]] inline std::uint8_t SetKey(const End& src, const End& dst,
                                                  const Decoded& packet, const Middle& middle,
                                                  FlowKey& key) {
  // What nobody answers has one direction: its ports are type and code, which do not swap.
  const bool keep = InOrder(src, dst, packet.src_port, packet.dst_port) | packet.one_way;
  const std::uint64_t mask = static_cast<std::uint64_t>(keep) - 1;
  SetHalf(src, dst, 0, mask, key);
  SetHalf(src, dst, 8, mask, key);
  const std::uint32_t ports = packet.src_port | std::uint32_t{packet.dst_port} << 16;
  SetTail(packet, middle, keep ? ports : std::rotl(ports, 16), key);
  return keep ? 0 : 1;
}

[[gnu::always_inline]] inline std::uint8_t SetIpKey(const Decoded& packet, std::uint16_t interface,
                                                    std::uint32_t tunnel, FlowKey& key) {
  const KeyKind kind = packet.has_ports ? KeyKind::kIpPorts : KeyKind::kIpOnly;
  return SetKey(packet.src.bytes, packet.dst.bytes, packet,
                {packet.proto, packet.src.version, kind, 0, interface, tunnel}, key);
}

std::uint8_t SetFrameKey(const Decoded& packet, std::uint16_t interface, std::uint32_t tunnel,
                         FlowKey& key) {
  End src{}, dst{};
  std::copy(packet.src_mac.begin(), packet.src_mac.end(), src.begin());
  std::copy(packet.dst_mac.begin(), packet.dst_mac.end(), dst.begin());
  Middle middle;
  // Below 0x600 it is a length: all of them are one kind, LLC.
  middle.ether_type = packet.ether_type < 0x600 ? 0 : packet.ether_type;
  middle.interface = interface;
  middle.tunnel = tunnel;
  return SetKey(src, dst, packet, middle, key);
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
  key.tunnel = TunnelOf(packet);
  key.vlans = packet.vlans;
  key.vlan_count = packet.vlan_count;
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
  const std::uint32_t tunnel = TunnelOf(packet);
  side = packet.has_ip ? SetIpKey(packet, interface, tunnel, key)
                       : SetFrameKey(packet, interface, tunnel, key);
  return true;
}

}  // namespace

bool MakeKey(const Decoded& packet, std::uint16_t interface, FlowKey& key, std::uint8_t& side) {
  const bool usual = packet.has_ip && packet.note == DecodeNote::kNone && !packet.is_fragment &&
                     packet.tunnel_count == 0;
  if (!usual) [[unlikely]]
    return MakeRareKey(packet, interface, key, side);
  side = SetIpKey(packet, interface, 0, key);
  return true;
}

}  // namespace tapiary::capture
