// TunnelLayer: one header around the innermost one, other than VLAN tags, with the number it bears.
//
// Decode keeps a bounded list of them, outer first. The text form ("gre", "vxlan:42") is what flow
// records show (docs/fields.md, `tunnel`); the hash of those that name a network of their own is
// part of the flow key. Plain data; pure functions; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace tapiary::capture {

enum class TunnelKind : std::uint8_t {
  kHsr,        // IEC 62439-3 tag
  kPrp,        // IEC 62439-3 trailer
  kVnTag,      // IEEE 802.1BR forerunner of Cisco; id: destination interface
  kCiscoMeta,  // Cisco metadata; id: security group
  kMpls,       // id: label at the bottom of the stack
  kPppoe,      // id: session
  kPpp,
  kNsh,   // id: service path
  kGre,   // id: key
  kGre1,  // PPTP's; id: call
  kErspan1,
  kErspan2,  // id: session
  kErspan3,  // id: session
  kWccp,
  kIpIp,
  kSixInFour,
  kFourInSix,
  kSixInSix,
  kEtherIp,
  kVxlan,     // id: network
  kVxlanGpe,  // id: network
  kGeneve,    // id: network
  kGtpU,      // id: tunnel endpoint of the receiver
  kUdp,       // MPLS or GRE straight in UDP
};

struct TunnelLayer {
  std::uint32_t id = 0;
  TunnelKind kind = TunnelKind::kGre;
  bool has_id = false;

  bool operator==(const TunnelLayer&) const = default;
};

inline constexpr std::size_t kMaxTunnels = 8;

std::string ToString(const TunnelLayer& layer);
// Of the identifiers that separate networks with addresses of their own, as VLANs do: VXLAN and
// Geneve networks. 0 when there are none. All others only carry or copy traffic, and many differ by
// direction: MPLS labels, GTP endpoints, the GRE keys and ERSPAN sessions of mirrors.
std::uint32_t NetworkHash(std::span<const TunnelLayer> layers);

}  // namespace tapiary::capture
