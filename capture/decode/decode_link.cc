// Ethernet: VLAN tags, HSR tag and PRP trailer (IEC 62439-3), VN-Tag, Cisco metadata, LLC and SNAP.
//
// A PRP trailer lies behind the payload, so it is believed only where nothing else claims its
// bytes: the IP length decides for IP packets (a forger cannot hide payload by ending it like a
// trailer). Hot path.
#include <algorithm>
#include <cstring>
#include <utility>

#include "capture/decode/walk.h"

namespace tapiary::capture::decode {
namespace {

constexpr std::uint16_t kEtherVnTag = 0x8926;
constexpr std::uint16_t kEtherCiscoMeta = 0x8909;
constexpr std::uint16_t kEtherHsr = 0x892f;
constexpr std::uint16_t kLowestEtherType = 0x600;

constexpr std::size_t kEthernetBytes = 14, kFcsBytes = 4;

// Redundancy control trailer at the end of `rest`, the end of a frame of `size` bytes: sequence
// number, LAN (A or B) with the size of what is behind the EtherType, suffix. Senders differ on
// whether tags count.
bool EndsWithRct(base::Bytes rest, std::size_t size) {
  const std::size_t end = rest.size();
  if (end < kRctBytes || (rest[end - 2] << 8 | rest[end - 1]) != kRctSuffix) return false;
  const unsigned lan = rest[end - 4] >> 4;
  if (lan != 0xa && lan != 0xb) return false;
  const std::size_t told = (rest[end - 4] & 0x0fu) << 8 | rest[end - 3];
  const std::size_t seen = size - kEthernetBytes + 4;  // a tag that the NIC took out may count
  return seen >= told && seen - told <= 4 * (kMaxVlans + 1) && (seen - told) % 4 == 0;
}

// Any other tag: its own fields, then the next EtherType.
Layer StepTag(Walk& walk) {
  Decoded& out = walk.out;
  base::ByteCursor& cursor = walk.cursor;
  TunnelLayer tag;
  if (walk.ether_type == kEtherHsr) {  // path and size, sequence number
    tag.kind = TunnelKind::kHsr;
    cursor.Skip(4);
  } else if (walk.ether_type == kEtherVnTag) {  // direction, pointer, destination; source interface
    const std::uint32_t word = cursor.U32Be();
    tag = {(word >> 16) & 0x3fff, TunnelKind::kVnTag, true};
  } else {  // Cisco metadata: version, length in words, option with the security group
    cursor.Skip(1);
    const std::uint8_t words = cursor.U8();
    cursor.Skip(2);
    tag = {cursor.U16Be(), TunnelKind::kCiscoMeta, true};
    if (words > 1) cursor.Skip((words - 1u) * 4u);
  }
  walk.ether_type = cursor.U16Be();
  if (cursor.failed()) return CutLink(walk);
  AddTunnel(out, tag);
  return Layer::kEtherType;
}

Layer StepVlan(Walk& walk) {
  const std::uint16_t tci = walk.cursor.U16Be();
  walk.ether_type = walk.cursor.U16Be();
  if (walk.cursor.failed()) return CutLink(walk);
  PushVlan(walk.out, tci);
  return Layer::kEtherType;
}

// IEEE 802.3: the number is a length. What is behind it is padding.
Layer StepSized(Walk& walk) {
  EndLayer2(walk);
  Decoded& out = walk.out;
  if (out.payload_length < walk.ether_type) NoteLengths(out);
  out.payload_length = std::min<std::uint32_t>(out.payload_length, walk.ether_type);
  out.payload = out.payload.first(std::min<std::size_t>(out.payload.size(), out.payload_length));
  Enter(walk, out.payload, out.payload_length);
  return Layer::kLlc;
}

}  // namespace

Layer CutLink(Walk& walk) {
  Note(walk.out, DecodeNote::kLinkTruncated);
  return Layer::kDone;
}

void PushVlan(Decoded& out, std::uint16_t tci) {
  if (out.vlan_count == kMaxVlans) {
    Note(out, DecodeNote::kTooManyHeaders);
    return;
  }
  out.vlans[out.vlan_count++] = tci & 0x0fff;
}

Layer StepEthernet(Walk& walk) {
  const base::Bytes macs = walk.cursor.Take(2 * sizeof(MacAddress));
  walk.ether_type = walk.cursor.U16Be();
  if (walk.cursor.failed()) return CutLink(walk);
  Decoded& out = walk.out;
  std::memcpy(out.dst_mac.data(), macs.data(), sizeof(MacAddress));
  std::memcpy(out.src_mac.data(), macs.data() + sizeof(MacAddress), sizeof(MacAddress));
  out.has_mac = out.has_mac_pair = true;
  walk.trailer_possible = true;
  return Layer::kEtherType;
}

std::uint32_t TakeTrailer(Walk& walk, std::uint32_t room) {
  if (!std::exchange(walk.trailer_possible, false)) return 0;
  const base::Bytes rest = walk.cursor.rest();
  const std::size_t size = walk.cursor.offset() + rest.size();
  if (size != walk.wire_left) return 0;  // cut: its end is not here
  std::uint32_t found = 0;
  if (EndsWithRct(rest, size)) {
    found = kRctBytes;
  } else if (rest.size() >= kFcsBytes &&
             EndsWithRct(rest.first(rest.size() - kFcsBytes), size - kFcsBytes)) {
    found = kRctBytes + kFcsBytes;
  }
  if (found == 0 || found > room) return 0;
  AddTunnel(walk.out, {0, TunnelKind::kPrp, false});
  return found;
}

void EndLayer2(Walk& walk) {
  Decoded& out = walk.out;
  base::Bytes rest = walk.cursor.rest();
  std::uint32_t wire = WireLeft(walk);
  const std::uint32_t trailer = TakeTrailer(walk, static_cast<std::uint32_t>(rest.size()));
  rest = rest.first(rest.size() - trailer);
  wire -= trailer;
  out.ether_type = walk.ether_type;
  out.payload = rest;
  out.payload_length = wire;
  Enter(walk, rest, wire);
}

Layer StepEtherType(Walk& walk) {
  if (walk.ether_type == kEtherIpv4) [[likely]] {
    walk.out.ether_type = kEtherIpv4;
    return Layer::kIpv4;
  }
  switch (walk.ether_type) {
    case kEtherIpv6:
      walk.out.ether_type = kEtherIpv6;
      return Layer::kIpv6;
    case kEtherVlan:
    case 0x88a8:
    case 0x9100:
    case 0x9200:
    case 0x9300:
      return StepVlan(walk);
    case kEtherHsr:
    case kEtherVnTag:
    case kEtherCiscoMeta:
      return StepTag(walk);
    default:
      break;
  }
  if (walk.ether_type < kLowestEtherType) return StepSized(walk);
  EndLayer2(walk);
  switch (walk.ether_type) {
    case 0x8847:
    case 0x8848:
      return Layer::kMpls;
    case 0x8864:
      return Layer::kPppoe;
    case 0x894f:
      return Layer::kNsh;
    default:
      return Layer::kDone;
  }
}

// IEEE 802.2, of which only SNAP (RFC 1042) names another protocol. The flow of a frame without IP
// stays LLC, its payload begins at the DSAP.
Layer StepLlc(Walk& walk) {
  base::ByteCursor cursor = walk.cursor;
  const std::uint32_t head = cursor.U24Be();
  const std::uint32_t organisation = cursor.U24Be();
  const std::uint16_t ether_type = cursor.U16Be();
  if (cursor.failed() || head != 0xaaaa03) return Layer::kDone;
  if (organisation != 0 && organisation != 0x0000f8) return Layer::kDone;
  if (ether_type != kEtherIpv4 && ether_type != kEtherIpv6) return Layer::kDone;
  walk.cursor = cursor;
  return ether_type == kEtherIpv4 ? Layer::kIpv4 : Layer::kIpv6;
}

}  // namespace tapiary::capture::decode
