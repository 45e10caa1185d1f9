// EtherNet/IP and CIP messages for tests, as hex digits, built from the specification.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::test {

inline std::string Le(std::uint64_t number, std::size_t bytes) {
  std::string hex;
  for (std::size_t i = 0; i < bytes; ++i) hex += fmt::format("{:02x}", (number >> (8 * i)) & 0xff);
  return hex;
}
inline std::string Compact(std::string_view hex) {
  return base::ToHex(Hex(hex));
}
inline std::string Text(std::string_view text) {
  return base::ToHex(base::AsBytes(text));
}

inline std::string Encapsulated(std::uint16_t command, std::uint32_t session, std::uint64_t context,
                                std::string_view body, std::uint32_t status = 0) {
  const std::string data = Compact(body);
  return Le(command, 2) + Le(data.size() / 2, 2) + Le(session, 4) + Le(status, 4) + Le(context, 8) +
         "00000000" + data;
}
inline std::string RrData(std::uint64_t context, std::string_view cip) {
  const std::string data = Compact(cip);
  return Encapsulated(0x6f, 0x11020100, context,
                      "00000000 0000 0200 0000 0000 b200" + Le(data.size() / 2, 2) + data);
}
inline std::string UnitData(std::uint32_t connection, std::uint16_t sequence,
                            std::string_view cip) {
  const std::string data = Le(sequence, 2) + Compact(cip);
  return Encapsulated(
      0x70, 0x11020100, 0,
      "00000000 0000 0200 a100 0400" + Le(connection, 4) + "b100" + Le(data.size() / 2, 2) + data);
}
// A Multiple Service Packet (or its response, by `front`) of these messages.
inline std::string Multiple(std::string_view front, const std::vector<std::string>& messages) {
  std::string offsets = Le(messages.size(), 2), bodies;
  for (const std::string& message : messages) {
    offsets += Le(2 + messages.size() * 2 + bodies.size() / 2, 2);
    bodies += Compact(message);
  }
  return Compact(front) + offsets + bodies;
}
// An Unconnected Send of `cip` to slot 0 of the backplane.
inline std::string UnconnectedSend(std::string_view cip) {
  const std::string data = Compact(cip);
  return "52 02 20 06 24 01 07 f9" + Le(data.size() / 2, 2) + data +
         (data.size() / 2 % 2 != 0 ? "00" : "") + "01 00 01 00";
}
// Class 3 to the message router unless `transport` says otherwise.
inline std::string ForwardOpen(std::uint16_t serial, std::uint32_t t_to_o,
                               std::string_view transport = "a3") {
  return "54 02 20 06 24 01 07 f9 00000000" + Le(t_to_o, 4) + Le(serial, 2) +
         "4d00 f32b9532 00 000000 00127a00 f443 00127a00 f443" + std::string(transport) +
         "03 01 00 20 02 24 01";
}
inline std::string ForwardOpenReply(std::uint16_t serial, std::uint32_t o_to_t,
                                    std::uint32_t t_to_o) {
  return "d4 00 00 00" + Le(o_to_t, 4) + Le(t_to_o, 4) + Le(serial, 2) +
         "4d00 f32b9532 00127a00 00127a00 00 00";
}
// What an Identity object says of itself.
inline std::string IdentityData() {
  return "0100 0e00 3600 1014 6030 3f825100 0b" + Text("LOGIX5561/A");
}

}  // namespace tapiary::capture::test
