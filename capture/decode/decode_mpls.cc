// MPLS label stacks (RFC 3032) with what lies under them, and network service headers (RFC 8300).
//
// Nothing in a label stack says what follows: the first nibble does (4 and 6: IP; 0: a pseudo-wire
// control word, RFC 4385; 1: an associated channel, not opened). An Ethernet pseudo-wire without
// control word is told by its EtherType. Hot path.
#include "capture/decode/walk.h"

namespace tapiary::capture::decode {
namespace {

constexpr int kMaxLabels = 16;

// The EtherType of what may be a whole frame, or a length that fits.
bool LooksLikeEthernet(base::Bytes bytes) {
  base::ByteCursor cursor(bytes);
  cursor.Skip(12);
  const std::uint16_t ether_type = cursor.U16Be();
  if (cursor.failed()) return false;
  switch (ether_type) {
    case 0x0800:
    case 0x0806:
    case 0x86dd:
    case 0x8100:
    case 0x88a8:
    case 0x8847:
    case 0x8848:
    case 0x8864:
      return true;
    default:
      return ether_type < 0x600 && ether_type >= 3 && ether_type <= cursor.remaining();
  }
}

bool LooksLikeIp(base::Bytes bytes) {
  if (bytes.empty()) return false;
  if ((bytes[0] >> 4) == 6) return bytes.size() >= 40;
  return (bytes[0] >> 4) == 4 && (bytes[0] & 0x0f) >= 5 && bytes.size() >= 20;
}

Layer UnderLabels(Walk& walk) {
  const base::Bytes rest = walk.cursor.rest();
  if (rest.empty()) return Layer::kDone;
  const bool frame = LooksLikeEthernet(rest);
  switch (rest[0] >> 4) {
    case 4:
    case 6:
      if (frame && !LooksLikeIp(rest)) break;
      return Layer::kRawIp;
    case 0:
      if (rest.size() > 4 && (LooksLikeEthernet(rest.subspan(4)) || !frame)) walk.cursor.Skip(4);
      break;
    case 1:
      if (!frame) return Layer::kDone;
      break;
    default:
      break;
  }
  return EnterEthernet(walk);
}

}  // namespace

Layer StepMpls(Walk& walk) {
  for (int labels = 0; labels < kMaxLabels; ++labels) {
    const std::uint32_t entry = walk.cursor.U32Be();
    if (walk.cursor.failed()) return Layer::kDone;
    if ((entry & 0x100) == 0) continue;  // not the bottom of the stack
    if (!Open(walk, {entry >> 12, TunnelKind::kMpls, true})) return Layer::kDone;
    return UnderLabels(walk);
  }
  walk.too_deep = true;
  return Layer::kDone;
}

// Base header, service path, then context up to the length in words.
Layer StepNsh(Walk& walk) {
  base::ByteCursor& cursor = walk.cursor;
  const std::uint16_t base = cursor.U16Be();
  cursor.Skip(1);
  const std::uint8_t next = cursor.U8();
  const std::uint32_t path = cursor.U32Be() >> 8;
  const std::uint32_t words = base & 0x3f;
  if (cursor.failed() || (base >> 14) != 0 || words < 2) return Layer::kDone;
  cursor.Skip((words - 2) * 4);
  if (cursor.failed() || !Open(walk, {path, TunnelKind::kNsh, true})) return Layer::kDone;
  return NextProtocol(walk, next);
}

// The numbers that NSH and VXLAN-GPE share.
Layer NextProtocol(Walk& walk, std::uint8_t number) {
  switch (number) {
    case 1:
      return Layer::kIpv4;
    case 2:
      return Layer::kIpv6;
    case 3:
      return EnterEthernet(walk);
    case 4:
      return Layer::kNsh;
    case 5:
      return Layer::kMpls;
    default:
      return Layer::kDone;
  }
}

}  // namespace tapiary::capture::decode
