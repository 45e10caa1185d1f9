// One frame through Decode, and its tunnel list as text. Whoever decodes here also proves that the
// short way through a usual frame (DecodePlain) and the walk agree on it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "capture/decode/walk.h"
#include "tests/capture/support/decoded_fields.h"

namespace tapiary::capture::test {

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
