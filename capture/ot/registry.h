// The registered OT protocols: one row each. Adding a protocol is a folder and a row here.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "capture/ot/decoder.h"

namespace tapiary::capture {

std::span<const OtProtocol* const> OtProtocols();

// Some of them: bit i is OtProtocols()[i]. Pure look-ups in tables made of the rows.
using OtSet = std::uint64_t;
// Those whose head allows the bytes.
OtSet OtWithHead(base::Bytes bytes);
// Those that live on such packets; `ether_type` (0: LLC) counts where `ip_proto` is 0.
OtSet OtCarriedBy(std::uint8_t ip_proto, std::uint16_t ether_type);
// Those with a usual port that is one of the two.
OtSet OtWithPort(std::uint16_t port0, std::uint16_t port1);

// Calls ask(protocol) for each of the set, in the registry's order, until one says true.
template <class Ask>
bool AnyOf(OtSet set, Ask ask) {
  for (; set != 0; set &= set - 1) {
    if (ask(*OtProtocols()[static_cast<std::size_t>(std::countr_zero(set))])) return true;
  }
  return false;
}

// The end (0, 1) with a usual port of the protocol; -1 for neither or both.
int UsualPortSide(const OtProtocol& protocol, std::uint16_t port0, std::uint16_t port1);
// The first protocol that usually lives on one of the ports, or nullptr.
const OtProtocol* UsualProtocol(std::uint8_t ip_proto, std::uint16_t port0, std::uint16_t port1);
// Whether some protocol lives on frames of this EtherType (0: LLC).
bool IsOtEtherType(std::uint16_t ether_type);

}  // namespace tapiary::capture
