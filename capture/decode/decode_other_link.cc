// Other link layers: Linux cooked captures, BSD loopback, raw IP, NFLOG, ERF.
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

// LINKTYPE_NFLOG: family, version 0, resource; then attributes of length (its 4 bytes of header
// counted), type, value, padded to 4, in the byte order of whoever captured. Type 9 is the packet
// from its IP header on.
Layer StepNflog(Walk& walk) {
  constexpr int kMaxAttributes = 32;
  constexpr std::uint16_t kPayload = 9;
  base::ByteCursor& cursor = walk.cursor;
  cursor.Skip(1);
  if (cursor.U8() != 0) return CutLink(walk);
  cursor.Skip(2);
  base::ByteCursor ahead = cursor;
  const bool big = ahead.U16Le() > cursor.remaining();
  for (int count = 0; count < kMaxAttributes; ++count) {
    const std::uint16_t length = cursor.U16(big);
    const std::uint16_t type = cursor.U16(big);
    if (cursor.failed() || length < 4) return CutLink(walk);
    if (type == kPayload) {
      const std::uint32_t wire = std::min<std::uint32_t>(WireLeft(walk), length - 4u);
      const base::Bytes rest = cursor.rest();
      Enter(walk, rest.first(std::min<std::size_t>(rest.size(), wire)), wire);
      return Layer::kRawIp;
    }
    cursor.Skip(((length + 3u) & ~3u) - 4u);
  }
  return CutLink(walk);
}

// LINKTYPE_ERF: time 8, type, flags, record length 2, colour 2, wire length 2; the top bit of the
// type announces extension headers of 8 bytes, which chain the same way.
Layer StepErf(Walk& walk) {
  constexpr int kMaxExtensions = 8;
  base::ByteCursor& cursor = walk.cursor;
  cursor.Skip(8);
  const std::uint8_t type = cursor.U8();
  cursor.Skip(7);
  std::uint8_t more = type;
  for (int count = 0; (more & 0x80) != 0; ++count) {
    if (count == kMaxExtensions) return CutLink(walk);
    more = cursor.U8();
    cursor.Skip(7);
    if (cursor.failed()) return CutLink(walk);
  }
  switch (type & 0x7f) {
    case 2:  // Ethernet, and its kinds with colour, switching and hash
    case 11:
    case 16:
    case 20:
      cursor.Skip(2);  // offset and padding
      if (cursor.failed()) return CutLink(walk);
      return EnterEthernet(walk);
    case 1:  // packet over SONET
    case 10:
    case 15:
    case 17:
      return cursor.failed() ? CutLink(walk) : Layer::kPppOrHdlc;
    case 22:
      return Layer::kIpv4;
    case 23:
      return Layer::kIpv6;
    default:
      if (cursor.failed()) return CutLink(walk);
      Note(walk.out, DecodeNote::kUndecodedLink);
      return Layer::kDone;
  }
}

}  // namespace tapiary::capture::decode
