// Walk: the state of one packet on its way through the headers, inside decode/ only.
//
// Decode is a loop: each step reads one header and names the next layer, so a tunnel is one more
// step that names kEthernet, kEtherType or an IP layer again. The loop has a hard limit; steps
// never recurse. A step that opens a tunnel says so; the key around it is kept and comes back when
// nothing inside parses. Hot path. One packet, one thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"
#include "capture/decode/decode.h"

namespace tapiary::capture::decode {

enum class Layer : std::uint8_t {
  kDone,
  kEthernet,
  kEtherType,  // Walk::ether_type says what follows
  kLlc,
  kSll,
  kSll2,
  kNull,   // BSD loopback, family in the byte order of whoever captured
  kRawIp,  // version nibble decides
  kIpv4,
  kIpv6,
  kTransport,  // Decoded::proto says what follows
  kMpls,
  kNsh,
  kPppoe,
  kPpp,
  kGre,
  kHdlc,
  kPppOrHdlc,
  kNflog,
  kErf,
};

inline constexpr int kMaxLayers = 32;
inline constexpr int kMaxIpv6Extensions = 128;  // FL-06

struct Walk {
  base::ByteCursor cursor;  // over the innermost frame whose length is known
  Decoded& out;
  std::uint32_t wire_left = 0;  // length on the wire of what the cursor is over
  std::uint16_t ether_type = 0;
  bool trailer_possible = false;    // over an Ethernet frame whose end nobody looked at
  bool checksum_possible = true;    // false when the pseudo header is not the plain one
  bool too_deep = false;            // a limit ended the walk inside a tunnel
  bool opened = false;              // the last step opened a tunnel
  std::uint8_t tunnels_before = 0;  // then: how many were listed before it
};

// Bytes on the wire from the cursor on.
inline std::uint32_t WireLeft(const Walk& walk) {
  const auto offset = static_cast<std::uint32_t>(walk.cursor.offset());
  return walk.wire_left > offset ? walk.wire_left - offset : 0;
}

// Goes on with `bytes`, of which `wire` were on the wire.
inline void Enter(Walk& walk, base::Bytes bytes, std::uint32_t wire) {
  walk.cursor = base::ByteCursor(bytes);
  walk.wire_left = wire;
  walk.trailer_possible = false;
}

// The less telling note never hides the more telling one.
inline void Note(Decoded& out, DecodeNote note) {
  if (out.note == DecodeNote::kNone || out.note == DecodeNote::kLengthMismatch) out.note = note;
}
inline void NoteLengths(Decoded& out) {
  if (out.note == DecodeNote::kNone) out.note = DecodeNote::kLengthMismatch;
}

// Lists a header that has no key of its own behind it. False when the list is full.
inline bool AddTunnel(Decoded& out, TunnelLayer layer) {
  if (out.tunnel_count == kMaxTunnels) {
    Note(out, DecodeNote::kTooManyHeaders);
    return false;
  }
  out.tunnel_list[out.tunnel_count++] = layer;
  return true;
}

// The header of a tunnel was read: what follows may have a key of its own. False when there are too
// many. Nothing but the tunnel list is touched, so the key around can be kept.
inline bool Open(Walk& walk, TunnelLayer layer) {
  Decoded& out = walk.out;
  if (out.tunnel_count == kMaxTunnels) {
    walk.too_deep = true;
    return false;
  }
  if (!walk.opened) walk.tunnels_before = out.tunnel_count;
  walk.opened = true;
  out.tunnel_list[out.tunnel_count++] = layer;
  return true;
}

// Goes on with a frame that begins at the cursor.
inline Layer EnterEthernet(Walk& walk) {
  Enter(walk, walk.cursor.rest(), WireLeft(walk));
  return Layer::kEthernet;
}

// decode_plain.cc. False when the frame is not one of the usual ones: nothing in `out` is good
// then.
bool DecodePlain(const Packet& packet, Decoded& out);

// decode.cc: any packet, header by header. What DecodePlain takes comes out the same.
void DecodeWalk(const Packet& packet, LinkType link_type, Decoded& out);

// decode_link.cc
inline constexpr std::uint16_t kEtherIpv4 = 0x0800, kEtherIpv6 = 0x86dd, kEtherVlan = 0x8100;
Layer StepEthernet(Walk& walk);
Layer StepEtherType(Walk& walk);
Layer StepLlc(Walk& walk);
Layer CutLink(Walk& walk);
// The frame has no more tags: what is behind them is its payload, until an IP header says better.
void EndLayer2(Walk& walk);
// Looks for a PRP trailer in the last `room` bytes of the frame, behind the cursor, and only once.
// Lists it, gives its size.
inline constexpr std::uint32_t kRctBytes = 6;  // at least
inline constexpr std::uint16_t kRctSuffix = 0x88fb;
std::uint32_t TakeTrailer(Walk& walk, std::uint32_t room);
void PushVlan(Decoded& out, std::uint16_t tci);

// decode_other_link.cc
Layer StepSll(Walk& walk);
Layer StepSll2(Walk& walk);
Layer StepNull(Walk& walk);
Layer StepRawIp(Walk& walk);
Layer StepNflog(Walk& walk);
Layer StepErf(Walk& walk);

// decode_ppp.cc
Layer StepPppoe(Walk& walk);
Layer StepPpp(Walk& walk);
Layer StepHdlc(Walk& walk);
Layer StepPppOrHdlc(Walk& walk);

// decode_mpls.cc
Layer StepMpls(Walk& walk);
Layer StepNsh(Walk& walk);
Layer NextProtocol(Walk& walk, std::uint8_t number);  // as NSH and VXLAN-GPE number them

// decode_gre.cc
Layer StepGre(Walk& walk);

// decode_udp_tunnel.cc
inline constexpr std::uint16_t kPortVxlan = 4789, kPortVxlanLinux = 8472, kPortVxlanGpe = 4790,
                               kPortGeneve = 6081, kPortGtpU = 2152, kPortGre = 4754,
                               kPortMpls = 6635;
inline bool IsTunnelPort(std::uint16_t port) {
  switch (port) {
    case kPortGtpU:
    case kPortGre:
    case kPortVxlan:
    case kPortVxlanGpe:
    case kPortGeneve:
    case kPortMpls:
    case kPortVxlanLinux:
      return true;
    default:
      return false;
  }
}
Layer StepUdpTunnel(Walk& walk);
Layer StepEtherIp(Walk& walk);

// decode_ip.cc. Both leave Decoded::payload at the captured IP payload and payload_length at its
// length by the header.
Layer StepIpv4(Walk& walk);
Layer StepIpv6(Walk& walk);

// decode_transport.cc. Moves payload and payload_length behind the transport header.
Layer StepTransport(Walk& walk);

}  // namespace tapiary::capture::decode
