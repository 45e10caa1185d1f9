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
    case Layer::kDone:
      break;
  }
  return Layer::kDone;
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

void Decode(const Packet& packet, LinkType link_type, Decoded& out) {
  out = Decoded{};
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
  }
}

}  // namespace tapiary::capture
