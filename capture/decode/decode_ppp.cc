// PPPoE sessions (RFC 2516), PPP (RFC 1661, 1662) and Cisco HDLC.
//
// Of PPP only network protocols are followed; its control protocols stay with the key around them.
// Hot path.
#include <algorithm>

#include "capture/decode/walk.h"

namespace tapiary::capture::decode {
namespace {

constexpr std::uint16_t kPppIpv4 = 0x0021, kPppIpv6 = 0x0057;
constexpr std::uint16_t kPppMpls = 0x0281, kPppMplsMulticast = 0x0283;

}  // namespace

Layer StepPppoe(Walk& walk) {
  base::ByteCursor& cursor = walk.cursor;
  const std::uint16_t head = cursor.U16Be();  // version and type 1, code 0: session data
  const std::uint16_t session = cursor.U16Be();
  const std::uint16_t length = cursor.U16Be();
  if (cursor.failed() || head != 0x1100) return Layer::kDone;
  if (!Open(walk, {session, TunnelKind::kPppoe, true})) return Layer::kDone;
  const base::Bytes rest = cursor.rest();
  Enter(walk, rest.first(std::min<std::size_t>(rest.size(), length)),
        std::min<std::uint32_t>(WireLeft(walk), length));
  return Layer::kPpp;
}

// With address and control or without; the protocol may be one byte when it is odd.
Layer StepPpp(Walk& walk) {
  base::ByteCursor& cursor = walk.cursor;
  base::ByteCursor ahead = cursor;
  if (ahead.U16Be() == 0xff03) cursor.Skip(2);
  std::uint16_t protocol = cursor.U8();
  if ((protocol & 1) == 0) protocol = static_cast<std::uint16_t>(protocol << 8 | cursor.U8());
  if (cursor.failed()) return CutLink(walk);
  switch (protocol) {
    case kPppIpv4:
      return Layer::kIpv4;
    case kPppIpv6:
      return Layer::kIpv6;
    case kPppMpls:
    case kPppMplsMulticast:
      return Layer::kMpls;
    default:
      return Layer::kDone;
  }
}

// LINKTYPE_C_HDLC: address, control, EtherType.
Layer StepHdlc(Walk& walk) {
  walk.cursor.Skip(2);
  walk.ether_type = walk.cursor.U16Be();
  return walk.cursor.failed() ? CutLink(walk) : Layer::kEtherType;
}

// LINKTYPE_PPP_HDLC is either, told by the address byte (RFC 1547, 4.3.1).
Layer StepPppOrHdlc(Walk& walk) {
  const base::Bytes rest = walk.cursor.rest();
  if (rest.empty()) return CutLink(walk);
  return rest[0] == 0x0f || rest[0] == 0x8f ? StepHdlc(walk) : StepPpp(walk);
}

}  // namespace tapiary::capture::decode
