#include "capture/decode/tunnel.h"

#include <string_view>

namespace tapiary::capture {
namespace {

std::string_view Name(TunnelKind kind) {
  switch (kind) {
    case TunnelKind::kHsr:
      return "hsr";
    case TunnelKind::kPrp:
      return "prp";
    case TunnelKind::kVnTag:
      return "vntag";
    case TunnelKind::kCiscoMeta:
      return "cisco-metadata";
    case TunnelKind::kMpls:
      return "mpls";
    case TunnelKind::kPppoe:
      return "pppoe";
    case TunnelKind::kPpp:
      return "ppp";
    case TunnelKind::kNsh:
      return "nsh";
    case TunnelKind::kGre:
      return "gre";
    case TunnelKind::kGre1:
      return "gre1";
    case TunnelKind::kErspan1:
      return "erspan1";
    case TunnelKind::kErspan2:
      return "erspan2";
    case TunnelKind::kErspan3:
      return "erspan3";
    case TunnelKind::kWccp:
      return "wccp";
    case TunnelKind::kIpIp:
      return "ipip";
    case TunnelKind::kSixInFour:
      return "6in4";
    case TunnelKind::kFourInSix:
      return "4in6";
    case TunnelKind::kSixInSix:
      return "6in6";
    case TunnelKind::kEtherIp:
      return "etherip";
    case TunnelKind::kVxlan:
      return "vxlan";
    case TunnelKind::kVxlanGpe:
      return "vxlan-gpe";
    case TunnelKind::kGeneve:
      return "geneve";
    case TunnelKind::kGtpU:
      return "gtp";
    case TunnelKind::kUdp:
      return "udp";
  }
  return "?";
}

bool NamesNetwork(const TunnelLayer& layer) {
  switch (layer.kind) {
    case TunnelKind::kVxlan:
    case TunnelKind::kVxlanGpe:
    case TunnelKind::kGeneve:
      return layer.has_id;
    default:
      return false;
  }
}

}  // namespace

std::string ToString(const TunnelLayer& layer) {
  std::string text(Name(layer.kind));
  if (layer.has_id) text += ":" + std::to_string(layer.id);
  return text;
}

std::uint32_t NetworkHash(std::span<const TunnelLayer> layers) {
  std::uint64_t hash = 0;
  for (const TunnelLayer& layer : layers) {
    if (!NamesNetwork(layer)) continue;
    // The order counts, and 0 is a network too.
    hash = (hash ^ layer.id ^ (static_cast<std::uint64_t>(layer.kind) + 1) << 32) *
           0x9e3779b97f4a7c15ull;
    hash ^= hash >> 29;
  }
  const std::uint32_t folded = static_cast<std::uint32_t>(hash ^ (hash >> 32));
  return hash != 0 && folded == 0 ? 1 : folded;
}

}  // namespace tapiary::capture
