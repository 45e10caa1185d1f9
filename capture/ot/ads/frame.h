// AMS frames: the TCP prefix and the AMS header in front of every ADS command.
//
// TCP prefix: two zeros, length 4. AMS header (32 bytes, LE): target net id 6 and port 2, source
// net id 6 and port 2, command 2, state flags 2, data length 4, error 4, invoke id 4. Source:
// Beckhoff Information System, "ADS/AMS specification" (TC1000). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "capture/ot/framer.h"

namespace tapiary::capture::ads {

inline constexpr std::size_t kPrefixSize = 6;
inline constexpr std::size_t kAmsHeaderSize = 32;
inline constexpr std::size_t kMaxAms = 4 << 20;

struct AmsAddress {
  base::Bytes net_id;  // 6 bytes
  std::uint16_t port = 0;
  [[nodiscard]] std::string ToString() const;  // "192.168.1.8.1.1:851"
};

struct Frame {
  AmsAddress target;
  AmsAddress source;
  std::uint16_t command = 0;
  bool response = false;
  std::uint32_t error = 0;
  std::uint32_t invoke_id = 0;
  base::Bytes data;
};

// What follows the prefix. False when the bytes cannot be an AMS header for `length` bytes.
bool ReadFrame(base::Bytes bytes, std::size_t length, Frame& out);

extern const Framing kFraming;  // of TCP

}  // namespace tapiary::capture::ads
