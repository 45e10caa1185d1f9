// Decode: from captured bytes to the innermost flow key, without allocation and without ever
// reading past the captured bytes.
//
// Hot path. Definitions of bytes, payload and ICMP ports: design.md section 6 and the Community ID
// specification v1. Pure functions; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "capture/decode/tunnel.h"
#include "capture/packet.h"
#include "capture/records.h"

namespace tapiary::capture {

// Why a packet has no flow key, or a doubtful one. Counted by name, never an error (RD-12, FL-06).
enum class DecodeNote : std::uint8_t {
  kNone,
  kUndecodedLink,   // a link type that we store only
  kLinkTruncated,   // link header not captured
  kBadIpHeader,     // impossible or cut IP header
  kL4Truncated,     // ports not captured
  kTooManyHeaders,  // tags, tunnels or extension headers beyond the limit
  kLengthMismatch,  // captured more than the wire length, or IP length beyond the frame
};
std::string_view ToString(DecodeNote note);

inline constexpr std::size_t kMaxVlans = 4;

struct TcpInfo {
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint8_t flags = 0;
};
inline constexpr std::uint8_t kTcpFin = 1, kTcpSyn = 2, kTcpRst = 4, kTcpPsh = 8, kTcpAck = 16;

// What Decode sets anew for each packet: two cache lines, in an order in which neighbours are set
// together.
struct DecodedFields {
  bool has_ip = false;     // an IP header was parsed: ip fields are good
  bool has_ports = false;  // transport header seen, or ICMP
  bool has_mac = false;    // the sender's at least
  bool has_mac_pair = false;
  bool is_fragment = false;     // any fragment, the first included
  bool first_fragment = false;  // of several
  bool more_fragments = false;
  DecodeNote note = DecodeNote::kNone;
  MacAddress dst_mac{}, src_mac{};
  std::uint16_t ether_type = 0;  // after tags; below 0x600: LLC length
  std::uint8_t vlan_count = 0;
  std::uint8_t tunnel_count = 0;
  std::array<std::uint16_t, kMaxVlans> vlans{};  // VIDs, outer first
  IpAddress src, dst;
  std::uint8_t proto = 0;             // innermost IP protocol
  std::uint8_t transport_header = 0;  // its length by its own field, whatever was captured of it
  std::uint16_t src_port = 0, dst_port = 0;
  std::uint32_t ip_id = 0;      // fragment identification
  std::uint32_t ip_length = 0;  // from the IP header on, by its length field
  // By length fields. Frames without IP: behind the last EtherType or tag, PRP trailer taken off;
  // for LLC from the DSAP on.
  std::uint32_t payload_length = 0;
  std::uint16_t fragment_offset = 0;  // bytes
  bool tcp_cut = false;               // ports captured, but not sequence number and flags
  bool one_way = false;               // an ICMP kind that nobody answers: ports are type and code
  base::Bytes payload;                // what of payload_length was captured
  TcpInfo tcp;
  bool bad_checksum = false;
};

struct Decoded : DecodedFields {
  // Outer first; what is behind tunnel_count is left over from other packets.
  std::array<TunnelLayer, kMaxTunnels> tunnel_list;

  [[nodiscard]] std::span<const TunnelLayer> tunnels() const {
    return std::span(tunnel_list).first(tunnel_count);
  }
};

void Decode(const Packet& packet, LinkType link_type, Decoded& out);

}  // namespace tapiary::capture
