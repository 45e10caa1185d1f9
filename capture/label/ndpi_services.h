// The services that nDPI may name, under our names (design.md section 6, capture/flow/ports.cc).
//
// Only these detectors run: fewer parsers see hostile bytes, and none guesses games or messengers
// out of an OT conversation. Left out are detectors that named OT traffic of the capture corpus
// wrongly (Cassandra, MongoDB, MSSQL, NetFlow, NFS) or test little but the port. OT protocols are
// not among them: our decoders alone name those, so what they refused is not called Modbus by
// another. Constant data; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tapiary::capture {

struct NdpiService {
  std::uint16_t protocol;  // ndpi_protocol_id_t
  std::string_view name;
};

std::span<const NdpiService> NdpiServices();
// "" for what is not in the list.
std::string_view NdpiServiceName(std::uint16_t protocol);

}  // namespace tapiary::capture
