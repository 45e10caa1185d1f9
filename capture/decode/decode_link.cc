// Link layers: Ethernet with its tags, Linux cooked captures, BSD loopback, raw IP.
#include <algorithm>

#include "capture/decode/walk.h"

namespace tapiary::capture::decode {
namespace {

constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherIpv6 = 0x86dd;

bool IsVlanTag(std::uint16_t ether_type) {
  switch (ether_type) {
    case 0x8100:
    case 0x88a8:
    case 0x9100:
    case 0x9200:
    case 0x9300:
      return true;
    default:
      return false;
  }
}

MacAddress TakeMac(base::ByteCursor& cursor) {
  MacAddress mac{};
  const base::Bytes bytes = cursor.Take(mac.size());
  std::copy(bytes.begin(), bytes.end(), mac.begin());
  return mac;
}

Layer CutLink(Walk& walk) {
  Note(walk.out, DecodeNote::kLinkTruncated);
  return Layer::kDone;
}

}  // namespace

void PushVlan(Decoded& out, std::uint16_t tci) {
  if (out.vlan_count == kMaxVlans) {
    Note(out, DecodeNote::kTooManyHeaders);
    return;
  }
  out.vlans[out.vlan_count++] = tci & 0x0fff;
}

Layer StepEthernet(Walk& walk) {
  const MacAddress dst = TakeMac(walk.cursor);
  const MacAddress src = TakeMac(walk.cursor);
  walk.ether_type = walk.cursor.U16Be();
  if (walk.cursor.failed()) return CutLink(walk);
  walk.out.dst_mac = dst;
  walk.out.src_mac = src;
  walk.out.has_mac = true;
  return Layer::kEtherType;
}

Layer StepEtherType(Walk& walk) {
  if (IsVlanTag(walk.ether_type)) {
    const std::uint16_t tci = walk.cursor.U16Be();
    walk.ether_type = walk.cursor.U16Be();
    if (walk.cursor.failed()) return CutLink(walk);
    PushVlan(walk.out, tci);
    return Layer::kEtherType;
  }
  walk.out.ether_type = walk.ether_type;
  if (walk.ether_type == kEtherIpv4) return Layer::kIpv4;
  if (walk.ether_type == kEtherIpv6) return Layer::kIpv6;
  return Layer::kDone;
}

// LINKTYPE_LINUX_SLL: packet type, ARPHRD type, address length, address 8, protocol.
Layer StepSll(Walk& walk) {
  walk.cursor.Skip(6);
  const MacAddress src = TakeMac(walk.cursor);
  walk.cursor.Skip(2);
  walk.ether_type = walk.cursor.U16Be();
  if (walk.cursor.failed()) return CutLink(walk);
  walk.out.src_mac = src;
  walk.out.has_mac = true;
  return Layer::kEtherType;
}

// LINKTYPE_LINUX_SLL2: protocol, reserved 2, interface 4, ARPHRD type 2, packet type, length,
// address 8.
Layer StepSll2(Walk& walk) {
  walk.ether_type = walk.cursor.U16Be();
  walk.cursor.Skip(10);
  const MacAddress src = TakeMac(walk.cursor);
  walk.cursor.Skip(2);
  if (walk.cursor.failed()) return CutLink(walk);
  walk.out.src_mac = src;
  walk.out.has_mac = true;
  return Layer::kEtherType;
}

// LINKTYPE_NULL and _LOOP: an address family of 32 bits. Small numbers, so the byte order shows
// itself.
Layer StepNull(Walk& walk) {
  const base::Bytes family = walk.cursor.Take(4);
  if (walk.cursor.failed()) return CutLink(walk);
  const bool big = family[0] == 0 && family[1] == 0;
  switch (big ? family[3] : family[0]) {
    case 2:
      return Layer::kIpv4;
    case 10:  // Linux
    case 24:  // NetBSD, OpenBSD
    case 28:  // FreeBSD
    case 30:
      return Layer::kIpv6;  // macOS
    default:
      return Layer::kDone;
  }
}

Layer StepRawIp(Walk& walk) {
  if (walk.cursor.remaining() == 0) return CutLink(walk);
  switch (walk.cursor.rest()[0] >> 4) {
    case 4:
      return Layer::kIpv4;
    case 6:
      return Layer::kIpv6;
    default:
      Note(walk.out, DecodeNote::kBadIpHeader);
      return Layer::kDone;
  }
}

}  // namespace tapiary::capture::decode
