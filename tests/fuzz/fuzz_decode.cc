// One packet of any link type: decode alone.
#include "capture/decode/decode.h"

#include <array>

#include "capture/decode/walk.h"
#include "capture/flow/community_id.h"
#include "capture/source/record_format.h"
#include "tests/capture/support/decoded_fields.h"
#include "tests/fuzz/target.h"

namespace tapiary::fuzz {
namespace {

using namespace capture;

void Check(const Packet& packet, const Decoded& decoded) {
  Require(decoded.vlan_count <= kMaxVlans, "tags are bounded");
  Require(decoded.tunnels().size() <= kMaxTunnels, "tunnels are bounded");
  const std::uint8_t* const begin = packet.bytes.data();
  const Bytes payload = decoded.payload;
  Require(payload.empty() || (payload.data() >= begin &&
                              payload.data() + payload.size() <= begin + packet.bytes.size()),
          "the payload lies in the packet");
  Require(!decoded.has_ports || decoded.has_ip, "ports only with IP");
}

}  // namespace

// Link type by its number in files (16 bits), a byte of what came beside the bytes, the bytes.
void FuzzDecode(Bytes input, const OtProtocol*) {
  Parts parts(input);
  const std::uint16_t number = parts.U16();
  const std::uint8_t beside = parts.U8();
  Packet packet;
  packet.bytes = parts.rest();
  packet.wire_length =
      static_cast<std::uint32_t>(packet.bytes.size()) + ((beside & 1) != 0 ? 1500u : 0u);
  packet.has_vlan = (beside & 2) != 0;
  packet.vlan_tpid = (beside & 4) != 0 ? 0x88a8 : 0x8100;
  packet.vlan_tci = beside;
  Decoded decoded;
  test::FillWithRemains(decoded);
  Decode(packet, LinkTypeFromNumber(number), decoded);
  Check(packet, decoded);
  Decoded walked;
  test::FillWithRemains(walked);
  decode::DecodeWalk(packet, LinkTypeFromNumber(number), walked);
  Require(test::AllFields(decoded) == test::AllFields(walked),
          "the short way through usual frames and the walk agree");
}

}  // namespace tapiary::fuzz
