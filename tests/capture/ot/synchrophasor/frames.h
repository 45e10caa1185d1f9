// C37.118 frames for tests, with a checksum of their own (bit by bit, no table).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::synchrophasor::test {

using Octets = std::vector<std::uint8_t>;

inline Octets Frame(unsigned type, std::string_view content_hex, unsigned id = 60) {
  const Octets content = capture::test::Hex(content_hex);
  const unsigned size = 16 + static_cast<unsigned>(content.size());
  Octets out = {0xaa};
  for (const unsigned octet : {type << 4 | 1, size >> 8, size, id >> 8, id}) {
    out.push_back(static_cast<std::uint8_t>(octet & 0xff));
  }
  const Octets time = capture::test::Hex("48998f2a 00000000");
  out.insert(out.end(), time.begin(), time.end());
  out.insert(out.end(), content.begin(), content.end());
  unsigned crc = 0xffff;
  for (const std::uint8_t byte : out) {
    crc ^= unsigned{byte} << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    crc &= 0xffff;
  }
  out.push_back(static_cast<std::uint8_t>(crc >> 8));
  out.push_back(static_cast<std::uint8_t>(crc & 0xff));
  return out;
}

// One station "PMU1" without channels, 50 frames a second.
inline Octets Configuration() {
  return Frame(3,
               "000f4240 0001 504d5531202020202020202020202020 003c 0000 0000 0000 0000 0001 0001"
               "0032");
}
inline Octets Command(unsigned command) {
  return Frame(4, command == 5 ? "0005" : command == 1 ? "0001" : command == 2 ? "0002" : "0003");
}

}  // namespace tapiary::capture::synchrophasor::test
