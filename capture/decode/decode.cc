#include "capture/decode/decode.h"

#include "capture/decode/walk.h"

namespace tapiary::capture {
namespace {

using decode::Layer;
using decode::Walk;

Layer FirstLayer(LinkType link_type) {
  switch (link_type) {
    case LinkType::kEthernet:
      return Layer::kEthernet;
    case LinkType::kNull:
    case LinkType::kLoop:
      return Layer::kNull;
    case LinkType::kRaw:
      return Layer::kRawIp;
    case LinkType::kIpv4:
      return Layer::kIpv4;
    case LinkType::kIpv6:
      return Layer::kIpv6;
    case LinkType::kLinuxSll:
      return Layer::kSll;
    case LinkType::kLinuxSll2:
      return Layer::kSll2;
    case LinkType::kPpp:
      return Layer::kPpp;
    case LinkType::kPppHdlc:
      return Layer::kPppOrHdlc;
    case LinkType::kPppoe:
      return Layer::kPppoe;
    case LinkType::kCiscoHdlc:
      return Layer::kHdlc;
    case LinkType::kNflog:
      return Layer::kNflog;
    case LinkType::kErf:
      return Layer::kErf;
    case LinkType::kUndecoded:
      break;
  }
  return Layer::kDone;
}

Layer Step(Layer layer, Walk& walk) {
  switch (layer) {
    case Layer::kEthernet:
      return decode::StepEthernet(walk);
    case Layer::kEtherType:
      return decode::StepEtherType(walk);
    case Layer::kLlc:
      return decode::StepLlc(walk);
    case Layer::kSll:
      return decode::StepSll(walk);
    case Layer::kSll2:
      return decode::StepSll2(walk);
    case Layer::kNull:
      return decode::StepNull(walk);
    case Layer::kRawIp:
      return decode::StepRawIp(walk);
    case Layer::kIpv4:
      return decode::StepIpv4(walk);
    case Layer::kIpv6:
      return decode::StepIpv6(walk);
    case Layer::kTransport:
      return decode::StepTransport(walk);
    case Layer::kMpls:
      return decode::StepMpls(walk);
    case Layer::kNsh:
      return decode::StepNsh(walk);
    case Layer::kPppoe:
      return decode::StepPppoe(walk);
    case Layer::kPpp:
      return decode::StepPpp(walk);
    case Layer::kGre:
      return decode::StepGre(walk);
    case Layer::kHdlc:
      return decode::StepHdlc(walk);
    case Layer::kPppOrHdlc:
      return decode::StepPppOrHdlc(walk);
    case Layer::kNflog:
      return decode::StepNflog(walk);
    case Layer::kErf:
      return decode::StepErf(walk);
    case Layer::kDone:
      break;
  }
  return Layer::kDone;
}

// A key that a flow can have.
bool IsKeyed(const Decoded& out) {
  return out.has_ip && out.note != DecodeNote::kLinkTruncated &&
         out.note != DecodeNote::kBadIpHeader && out.note != DecodeNote::kL4Truncated;
}

// Forgets what the packet around said of itself; MAC addresses and tags stay until others come.
void BeginInner(Walk& walk) {
  Decoded& out = walk.out;
  out.has_ip = out.has_ports = false;
  out.is_fragment = out.first_fragment = out.more_fragments = false;
  out.one_way = out.tcp_cut = out.bad_checksum = false;
  out.transport_header = 0;
  out.tcp = TcpInfo{};
  out.payload = {};
  out.payload_length = 0;
  walk.checksum_possible = true;
}

// From the first tunnel on. The key around a tunnel is kept, and comes back when nothing inside
// parses: garbage, a protocol that is not IP, or too little captured. Apart from Decode, so that
// packets without tunnel do not pay for the copy.
[[gnu::noinline]] void DecodeInner(Walk& walk, Layer layer, int depth) {
  Decoded& out = walk.out;
  Decoded around;
  for (bool first = true;; ++depth) {
    if (walk.opened) {
      walk.opened = false;
      if (first || IsKeyed(out)) {
        around = out;
        around.tunnel_count = walk.tunnels_before;
        BeginInner(walk);
        first = false;
      }
    }
    if (layer == Layer::kDone) break;
    if (depth >= decode::kMaxLayers) {
      walk.too_deep = true;
      if (layer == Layer::kTransport) out.has_ip = false;
      break;
    }
    layer = Step(layer, walk);
  }
  if (!IsKeyed(out)) out = around;
  if (walk.too_deep) decode::Note(out, DecodeNote::kTooManyHeaders);
}

}  // namespace

std::string_view ToString(DecodeNote note) {
  switch (note) {
    case DecodeNote::kNone:
      return "none";
    case DecodeNote::kUndecodedLink:
      return "undecoded-link";
    case DecodeNote::kLinkTruncated:
      return "link-truncated";
    case DecodeNote::kBadIpHeader:
      return "bad-ip-header";
    case DecodeNote::kL4Truncated:
      return "l4-truncated";
    case DecodeNote::kTooManyHeaders:
      return "too-many-headers";
    case DecodeNote::kLengthMismatch:
      return "length-mismatch";
  }
  return "none";
}

void decode::DecodeWalk(const Packet& packet, LinkType link_type, Decoded& out) {
  static_cast<DecodedFields&>(out) = DecodedFields{};
  Layer layer = FirstLayer(link_type);
  if (layer == Layer::kDone) {
    out.note = DecodeNote::kUndecodedLink;
    return;
  }
  Walk walk{base::ByteCursor(packet.bytes), out, packet.wire_length};
  if (packet.bytes.size() > packet.wire_length) {  // the file lies: believe the bytes
    decode::NoteLengths(out);
    walk.wire_left = static_cast<std::uint32_t>(packet.bytes.size());
  }
  if (packet.has_vlan) decode::PushVlan(out, packet.vlan_tci);
  for (int depth = 0; layer != Layer::kDone; ++depth) {
    if (depth == decode::kMaxLayers) {
      decode::Note(out, DecodeNote::kTooManyHeaders);
      return;
    }
    layer = Step(layer, walk);
    if (walk.opened) [[unlikely]] {
      DecodeInner(walk, layer, depth + 1);
      return;
    }
  }
  if (walk.too_deep) decode::Note(out, DecodeNote::kTooManyHeaders);
}

void Decode(const Packet& packet, LinkType link_type, Decoded& out) {
  if (link_type == LinkType::kEthernet && decode::DecodePlain(packet, out)) return;
  decode::DecodeWalk(packet, link_type, out);
}

}  // namespace tapiary::capture
