// Other link layers: Linux cooked captures, BSD loopback, raw IP.
//
// Hot path of captures of those kinds. Layouts: tcpdump.org/linktypes. Cooked headers bear the
// sender's address only, so their frames without IP belong to no flow.
#include <algorithm>

#include "capture/decode/walk.h"

namespace tapiary::capture::decode {
namespace {

constexpr std::uint16_t kCookedRaw8023 = 1, kCookedLlc = 4;

MacAddress TakeMac(base::ByteCursor& cursor) {
  MacAddress mac{};
  const base::Bytes bytes = cursor.Take(mac.size());
  std::copy(bytes.begin(), bytes.end(), mac.begin());
  return mac;
}

// The protocol of a cooked header: an EtherType, or one of the small numbers of <linux/if_ether.h>.
Layer CookedProtocol(Walk& walk, const MacAddress& src) {
  if (walk.cursor.failed()) return CutLink(walk);
  walk.out.src_mac = src;
  walk.out.has_mac = true;
  if (walk.ether_type >= 0x600) return Layer::kEtherType;
  EndLayer2(walk);
  return walk.ether_type == kCookedLlc ? Layer::kLlc : Layer::kDone;
}

}  // namespace

// LINKTYPE_LINUX_SLL: packet type, ARPHRD type, address length, address 8, protocol.
Layer StepSll(Walk& walk) {
  walk.cursor.Skip(6);
  const MacAddress src = TakeMac(walk.cursor);
  walk.cursor.Skip(2);
  walk.ether_type = walk.cursor.U16Be();
  return CookedProtocol(walk, src);
}

// LINKTYPE_LINUX_SLL2: protocol, reserved 2, interface 4, ARPHRD type 2, packet type, length,
// address 8.
Layer StepSll2(Walk& walk) {
  walk.ether_type = walk.cursor.U16Be();
  walk.cursor.Skip(10);
  const MacAddress src = TakeMac(walk.cursor);
  walk.cursor.Skip(2);
  return CookedProtocol(walk, src);
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
    case 23:  // Windows
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
