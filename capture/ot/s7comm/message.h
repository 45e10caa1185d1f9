// S7comm messages: header, parameter part, data part.
//
// Header (BE): 0x32, ROSCTR 1, redundancy 2, reference 2, parameter length 2, data length 2, and
// for acknowledgements error class 1 and code 1. Siemens publishes nothing of this: everything here
// is by what public captures show and what the captures of the corpus confirm. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/byte_cursor.h"

namespace tapiary::capture::s7comm {

inline constexpr std::uint8_t kMagic = 0x32;
inline constexpr std::uint8_t kJob = 1;
inline constexpr std::uint8_t kAck = 2;
inline constexpr std::uint8_t kAckData = 3;
inline constexpr std::uint8_t kUserdata = 7;

struct Message {
  std::uint8_t rosctr = 0;
  std::uint16_t reference = 0;
  std::uint8_t error_class = 0;
  std::uint8_t error_code = 0;
  base::Bytes parameter;  // both as far as they are there
  base::Bytes data;
  bool fits = false;  // the lengths add up to the size of the message
};

// Nothing when it is no S7comm header. `size`: of the whole message, of which `bytes` may be a
// part.
std::optional<Message> ReadMessage(base::Bytes bytes, std::size_t size);

// What a message is for recognition; `bytes` is its begin.
struct Look {
  bool possible = false;
  bool request = false;
  bool response = false;
};
Look LookAt(base::Bytes bytes, std::size_t size);

// Parameter of a userdata message: 00 01 12, length, method, type and group, sub-function,
// sequence, and with method 0x12 data unit, last unit, error code 2.
struct Userdata {
  std::uint8_t type = 0;  // 4 request, 8 response, 0 push
  std::uint8_t group = 0;
  std::uint8_t function = 0;
  std::uint8_t sequence = 0;
  bool more = false;  // another unit of the same answer follows
  std::uint16_t error = 0;
  // Of the data part: return code and transport size, then `data`.
  std::uint8_t return_code = 0;
  base::Bytes data;
  [[nodiscard]] std::int32_t code() const { return group << 8 | function; }
};
std::optional<Userdata> ReadUserdata(const Message& message);

}  // namespace tapiary::capture::s7comm
