// One frame through Decode, and its tunnel list as text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/decode/decode.h"

namespace tapiary::capture::test {

// `bytes` must outlive the result, whose payload is a view of them.
inline Decoded DecodeBytes(const std::vector<std::uint8_t>& bytes,
                           LinkType link_type = LinkType::kEthernet, std::uint32_t wire = 0,
                           Packet packet = {}) {
  packet.bytes = bytes;
  packet.wire_length = wire != 0 ? wire : static_cast<std::uint32_t>(bytes.size());
  Decoded decoded;
  Decode(packet, link_type, decoded);
  return decoded;
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
