// What Decode says of a packet, to compare one way of decoding with another. For tests and fuzzers.
#pragma once

#include <cstring>
#include <tuple>
#include <type_traits>
#include <vector>

#include "capture/decode/decode.h"

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

}  // namespace tapiary::capture::test
