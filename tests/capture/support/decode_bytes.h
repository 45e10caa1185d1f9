// One frame through Decode, and its tunnel list as text. Whoever decodes here also proves that the
// short way through a usual frame (DecodePlain) and the walk agree on it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>
#include <vector>

#include "capture/decode/walk.h"

namespace tapiary::capture::test {

// All that Decode says, comparable. Of the payload: where it lies.
inline auto AllFields(const Decoded& d) {
  const auto layers = d.tunnels();
  return std::tuple_cat(
      std::tuple(d.has_ip, d.has_ports, d.has_mac, d.has_mac_pair, d.is_fragment, d.first_fragment,
                 d.more_fragments, d.note, d.dst_mac, d.src_mac, d.ether_type, d.vlans,
                 d.vlan_count, std::vector<TunnelLayer>(layers.begin(), layers.end())),
      std::tuple(d.src.bytes, d.src.version, d.dst.bytes, d.dst.version, d.proto,
                 d.transport_header, d.src_port, d.dst_port, d.ip_id, d.ip_length),
      std::tuple(d.payload_length, d.fragment_offset, d.tcp_cut, d.one_way,
                 d.payload.empty() ? nullptr : d.payload.data(), d.payload.size(), d.tcp.seq,
                 d.tcp.ack, d.tcp.flags, d.bad_checksum));
}

// What was in `out` before must not show.
inline void FillWithRemains(Decoded& out) {
  static_assert(std::is_trivially_copyable_v<Decoded>);
  std::memset(static_cast<void*>(&out), 0xa5, sizeof out);
}

// The packet by Decode; a failure when the walk alone gives anything else.
inline Decoded DecodeBothWays(const Packet& packet, LinkType link_type) {
  Decoded decoded, walked;
  FillWithRemains(decoded);
  FillWithRemains(walked);
  Decode(packet, link_type, decoded);
  decode::DecodeWalk(packet, link_type, walked);
  EXPECT_EQ(AllFields(decoded), AllFields(walked));
  return decoded;
}

// `bytes` must outlive the result, whose payload is a view of them.
inline Decoded DecodeBytes(const std::vector<std::uint8_t>& bytes,
                           LinkType link_type = LinkType::kEthernet, std::uint32_t wire = 0,
                           Packet packet = {}) {
  packet.bytes = bytes;
  packet.wire_length = wire != 0 ? wire : static_cast<std::uint32_t>(bytes.size());
  return DecodeBothWays(packet, link_type);
}

inline std::vector<std::string> Tunnels(const Decoded& decoded) {
  std::vector<std::string> texts;
  for (const TunnelLayer& layer : decoded.tunnels()) texts.push_back(ToString(layer));
  return texts;
}

inline std::vector<std::uint16_t> Vlans(const Decoded& decoded) {
  return {decoded.vlans.begin(), decoded.vlans.begin() + decoded.vlan_count};
}

}  // namespace tapiary::capture::test
