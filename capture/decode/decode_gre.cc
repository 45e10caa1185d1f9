// GRE version 0 (RFC 1701, 2784, 2890) and 1 (RFC 2637), with what it carries: ERSPAN I to III
// (draft-foschiano-erspan-03), WCCP redirection (draft-wilson-wrec-wccp-v2), EtherTypes, PPP.
//
// Hot path.
#include "capture/decode/walk.h"

namespace tapiary::capture::decode {
namespace {

constexpr std::uint16_t kChecksum = 0x8000, kRouting = 0x4000, kKey = 0x2000, kSequence = 0x1000,
                        kAcknowledge = 0x0080, kVersion = 0x0007;
constexpr std::uint16_t kProtoTeb = 0x6558, kProtoPpp = 0x880b, kProtoErspan2 = 0x88be,
                        kProtoErspan3 = 0x22eb, kProtoWccp = 0x883e, kProtoCiscoMeta = 0x8909;
constexpr int kMaxSourceRoutes = 16;

// Version, VLAN and more, session; index. Type I has no header at all and no sequence number in
// GRE.
Layer UnderErspan2(Walk& walk, bool sequence) {
  base::ByteCursor ahead = walk.cursor;
  const std::uint32_t word = ahead.U32Be();
  const bool has_header = sequence && (word >> 28) == 1;
  if (!has_header) {
    if (!Open(walk, {0, TunnelKind::kErspan1, false})) return Layer::kDone;
    return EnterEthernet(walk);
  }
  walk.cursor.Skip(8);
  if (walk.cursor.failed()) return Layer::kDone;
  if (!Open(walk, {word & 0x3ff, TunnelKind::kErspan2, true})) return Layer::kDone;
  return EnterEthernet(walk);
}

// 12 bytes: version, VLAN and more, session; time; group, frame type and more, O: 8 bytes follow.
Layer UnderErspan3(Walk& walk) {
  base::ByteCursor& cursor = walk.cursor;
  const std::uint32_t word = cursor.U32Be();
  cursor.Skip(6);
  const std::uint16_t last = cursor.U16Be();
  if ((last & 1) != 0) cursor.Skip(8);
  if (cursor.failed() || (word >> 28) != 2) return Layer::kDone;
  if (!Open(walk, {word & 0x3ff, TunnelKind::kErspan3, true})) return Layer::kDone;
  switch ((last >> 10) & 0x1f) {
    case 0:
      return EnterEthernet(walk);
    case 2:
      return Layer::kRawIp;
    default:
      return Layer::kDone;
  }
}

// Version 2 has a header of 4 bytes, version 1 none: an IP header tells itself.
Layer UnderWccp(Walk& walk) {
  if (!Open(walk, {0, TunnelKind::kWccp, false})) return Layer::kDone;
  const base::Bytes rest = walk.cursor.rest();
  if (!rest.empty() && (rest[0] >> 4) != 4) walk.cursor.Skip(4);
  return walk.cursor.failed() ? Layer::kDone : Layer::kIpv4;
}

// Cisco metadata in GRE has the EtherType in front: type, version, length in words, option, group.
Layer UnderCiscoMeta(Walk& walk) {
  base::ByteCursor& cursor = walk.cursor;
  walk.ether_type = cursor.U16Be();
  cursor.Skip(1);
  const std::uint8_t words = cursor.U8();
  cursor.Skip(2);
  const std::uint16_t group = cursor.U16Be();
  if (words > 1) cursor.Skip((words - 1u) * 4u);
  if (cursor.failed() || !Open(walk, {group, TunnelKind::kCiscoMeta, true})) return Layer::kDone;
  return walk.ether_type >= 0x600 ? Layer::kEtherType : Layer::kDone;
}

// RFC 1701: entries of address family, offset, length and so many bytes; an empty one ends them.
bool SkipSourceRoutes(base::ByteCursor& cursor) {
  for (int entries = 0; entries < kMaxSourceRoutes; ++entries) {
    const std::uint16_t family = cursor.U16Be();
    cursor.Skip(1);
    const std::uint8_t length = cursor.U8();
    cursor.Skip(length);
    if (cursor.failed()) return false;
    if (family == 0 && length == 0) return true;
  }
  return false;
}

bool ReadVersion0(base::ByteCursor& cursor, std::uint16_t flags, TunnelLayer& layer) {
  if ((flags & (kChecksum | kRouting)) != 0) cursor.Skip(4);
  if ((flags & kKey) != 0) {
    layer.id = cursor.U32Be();
    layer.has_id = true;
  }
  if ((flags & kSequence) != 0) cursor.Skip(4);
  return (flags & kRouting) == 0 || SkipSourceRoutes(cursor);
}

bool ReadVersion1(base::ByteCursor& cursor, std::uint16_t flags, TunnelLayer& layer) {
  if ((flags & kKey) == 0) return false;
  cursor.Skip(2);  // payload length; the IP header told it
  layer = {cursor.U16Be(), TunnelKind::kGre1, true};
  if ((flags & kSequence) != 0) cursor.Skip(4);
  if ((flags & kAcknowledge) != 0) cursor.Skip(4);
  return true;
}

}  // namespace

Layer StepGre(Walk& walk) {
  base::ByteCursor& cursor = walk.cursor;
  const std::uint16_t flags = cursor.U16Be();
  const std::uint16_t protocol = cursor.U16Be();
  TunnelLayer layer{0, TunnelKind::kGre, false};
  bool good = false;
  if ((flags & kVersion) == 0) good = ReadVersion0(cursor, flags, layer);
  if ((flags & kVersion) == 1) good = ReadVersion1(cursor, flags, layer);
  if (!good || cursor.failed()) return Layer::kDone;
  // ERSPAN and WCCP are named alone: GRE is how they always travel.
  const bool sequence = (flags & kSequence) != 0;
  if (protocol == kProtoErspan2 && !layer.has_id) return UnderErspan2(walk, sequence);
  if (protocol == kProtoErspan3 && !layer.has_id) return UnderErspan3(walk);
  if (protocol == kProtoWccp && !layer.has_id) return UnderWccp(walk);
  if (!Open(walk, layer)) return Layer::kDone;
  switch (protocol) {
    case kProtoErspan2:
      return UnderErspan2(walk, sequence);
    case kProtoErspan3:
      return UnderErspan3(walk);
    case kProtoWccp:
      return UnderWccp(walk);
    case kProtoCiscoMeta:
      return UnderCiscoMeta(walk);
    case kProtoTeb:
      return EnterEthernet(walk);
    case kProtoPpp:
      return Layer::kPpp;
    default:
      break;
  }
  if (protocol < 0x600) return Layer::kDone;
  walk.ether_type = protocol;
  return Layer::kEtherType;
}

}  // namespace tapiary::capture::decode
