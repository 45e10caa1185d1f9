// Tunnels by UDP port: VXLAN (RFC 7348) and VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe), Geneve
// (RFC 8926), GTP-U (3GPP TS 29.281), GRE (RFC 8086) and MPLS (RFC 7510) straight in UDP. And
// EtherIP (RFC 3378), which needs no port.
//
// The destination port alone proves little, so each header must look right, and a packet inside
// that does not parse leaves the UDP flow as it is. Hot path.
#include "capture/decode/walk.h"

namespace tapiary::capture::decode {
namespace {

constexpr std::uint16_t kProtoTeb = 0x6558;
constexpr int kMaxGtpExtensions = 8;

// Flags with the I bit, group policy or reserved, network, reserved. GPE: next protocol in the
// fourth byte when the P bit is set.
Layer StepVxlan(Walk& walk, bool gpe) {
  base::ByteCursor& cursor = walk.cursor;
  const std::uint32_t head = cursor.U32Be();
  const std::uint32_t network = cursor.U32Be() >> 8;
  const bool valid = (head & 0x08000000) != 0;
  if (cursor.failed() || !valid) return Layer::kDone;
  const TunnelKind kind = gpe ? TunnelKind::kVxlanGpe : TunnelKind::kVxlan;
  if (!Open(walk, {network, kind, true})) return Layer::kDone;
  if (gpe && (head & 0x04000000) != 0) return NextProtocol(walk, head & 0xff);
  return EnterEthernet(walk);
}

Layer StepGeneve(Walk& walk) {
  base::ByteCursor& cursor = walk.cursor;
  const std::uint8_t head = cursor.U8();  // version, options in words
  cursor.Skip(1);
  const std::uint16_t protocol = cursor.U16Be();
  const std::uint32_t network = cursor.U32Be() >> 8;
  cursor.Skip((head & 0x3fu) * 4u);
  if (cursor.failed() || (head >> 6) != 0) return Layer::kDone;
  if (!Open(walk, {network, TunnelKind::kGeneve, true})) return Layer::kDone;
  if (protocol == kProtoTeb) return EnterEthernet(walk);
  if (protocol < 0x600) return Layer::kDone;
  walk.ether_type = protocol;
  return Layer::kEtherType;
}

// Extension headers: length in words, content, type of the next one; 0 ends them.
bool SkipGtpExtensions(base::ByteCursor& cursor, std::uint8_t next) {
  for (int count = 0; next != 0; ++count) {
    const std::uint8_t words = cursor.U8();
    if (count == kMaxGtpExtensions || words == 0) return false;
    cursor.Skip(words * 4u - 2u);
    next = cursor.U8();
    if (cursor.failed()) return false;
  }
  return true;
}

Layer StepGtpU(Walk& walk) {
  base::ByteCursor& cursor = walk.cursor;
  const std::uint8_t flags = cursor.U8();
  const std::uint8_t type = cursor.U8();
  cursor.Skip(2);
  const std::uint32_t endpoint = cursor.U32Be();
  // Version 1, GTP rather than GTP', and user data.
  if (cursor.failed() || (flags & 0xf0) != 0x30 || type != 0xff) return Layer::kDone;
  if ((flags & 0x07) != 0) {  // any of them brings sequence, N-PDU number and next extension
    cursor.Skip(3);
    const std::uint8_t next = cursor.U8();
    if ((flags & 0x04) != 0 && !SkipGtpExtensions(cursor, next)) return Layer::kDone;
  }
  if (cursor.failed() || !Open(walk, {endpoint, TunnelKind::kGtpU, true})) return Layer::kDone;
  return Layer::kRawIp;
}

}  // namespace

Layer StepUdpTunnel(Walk& walk) {
  const Decoded& out = walk.out;
  const std::uint16_t port = out.dst_port;
  Enter(walk, out.payload, out.payload_length);
  switch (port) {
    case kPortMpls:
      return Open(walk, {0, TunnelKind::kUdp, false}) ? Layer::kMpls : Layer::kDone;
    case kPortGre:
      return Open(walk, {0, TunnelKind::kUdp, false}) ? Layer::kGre : Layer::kDone;
    case kPortVxlan:
    case kPortVxlanLinux:
      return StepVxlan(walk, false);
    case kPortVxlanGpe:
      return StepVxlan(walk, true);
    case kPortGeneve:
      return StepGeneve(walk);
    case kPortGtpU:
      return StepGtpU(walk);
    default:
      return Layer::kDone;
  }
}

// Version 3 and reserved bits, then a frame.
Layer StepEtherIp(Walk& walk) {
  const std::uint16_t head = walk.cursor.U16Be();
  if (walk.cursor.failed() || (head >> 12) != 3) return Layer::kDone;
  if (!Open(walk, {0, TunnelKind::kEtherIp, false})) return Layer::kDone;
  return EnterEthernet(walk);
}

}  // namespace tapiary::capture::decode
