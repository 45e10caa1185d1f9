// S7comm-plus PDUs of S7-1200 and S7-1500: recognised, with their function and sequence.
//
// 0x72, version 1 (1 open, 2 session, 3 with integrity part; 0xfe, 0xff: system events), length 2
// BE, that many bytes, and on the last fragment a trailer 0x72, version, 0, 0. Version 3 begins
// with 0x20 and 32 bytes of keyed hash. Then opcode 1, reserved 2, function 2, reserved 2, sequence
// 2, and of a request session 4, flags 1, an object id 4; of a response flags 1, return value.
// Unpublished: by what public captures and published research show. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_cursor.h"

namespace tapiary::capture::s7plus {

inline constexpr std::uint8_t kMagic = 0x72;

enum class Opcode : std::uint8_t { kRequest = 0x31, kResponse = 0x32, kNotification = 0x33 };

struct Frame {
  std::uint8_t version = 0;
  base::Bytes body;      // without hash and trailer, as far as it is there
  bool fits = false;     // the length fits the size of the message
  bool trailer = false;  // the last fragment
};
// `size`: of the whole message, of which `bytes` may be a part; SIZE_MAX: not known.
std::optional<Frame> ReadFrame(base::Bytes bytes, std::size_t size);

struct Message {
  Opcode opcode = Opcode::kRequest;
  std::uint16_t function = 0;
  std::uint16_t sequence = 0;
  std::optional<std::uint32_t> session;
  std::optional<std::uint32_t> object;
  std::optional<std::int16_t> result;  // negative: an error
  base::Bytes rest;
};
// Nothing when the opcode is none: a later fragment.
std::optional<Message> ReadMessage(base::Bytes body);

struct Look {
  bool possible = false;
  bool request = true;
  bool response = true;
};
Look LookAt(base::Bytes bytes, std::size_t size);

// "create_object"; "unknown_function" for none.
std::string_view FunctionName(std::uint16_t function);

}  // namespace tapiary::capture::s7plus
