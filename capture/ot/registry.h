// The registered OT protocols: one row each. Adding a protocol is a folder and a row here.
#pragma once

#include <cstdint>
#include <span>

#include "capture/ot/decoder.h"

namespace tapiary::capture {

std::span<const OtProtocol* const> OtProtocols();
// The end (0, 1) with a usual port of the protocol; -1 for neither or both.
int UsualPortSide(const OtProtocol& protocol, std::uint16_t port0, std::uint16_t port1);
// The first protocol that usually lives on one of the ports, or nullptr.
const OtProtocol* UsualProtocol(std::uint8_t ip_proto, std::uint16_t port0, std::uint16_t port1);
// Whether some protocol lives on frames of this EtherType (0: LLC).
bool IsOtEtherType(std::uint16_t ether_type);

}  // namespace tapiary::capture
