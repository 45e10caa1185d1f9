// DNP3 link layer: where a frame ends, what its header says, its user data without checksums.
//
// 05 64, length 1 (control to user data, without checksums: 5-255), control 1, destination 2,
// source 2, CRC 2; then blocks of up to 16 bytes with a CRC 2 each; LE. Source: IEEE 1815-2012,
// clause 9.2. A header with a wrong CRC is no frame: the next one is looked for at any byte. Pure;
// any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "capture/ot/framer.h"

namespace tapiary::capture::dnp3 {

inline constexpr std::size_t kHeaderSize = 10;
inline constexpr std::size_t kMaxFrame = 292;
inline constexpr std::size_t kMaxUserData = 250;
inline constexpr std::uint16_t kFirstBroadcast = 0xfffd;

enum LinkFunction : std::uint8_t {
  kConfirmedUserData = 3,    // primary
  kUnconfirmedUserData = 4,  // primary
  kAck = 0,                  // secondary
};

struct LinkHeader {
  std::uint8_t control = 0;
  std::uint16_t destination = 0;
  std::uint16_t source = 0;
  std::size_t user_data = 0;  // bytes
  [[nodiscard]] bool from_master() const { return (control & 0x80) != 0; }
  [[nodiscard]] bool primary() const { return (control & 0x40) != 0; }
  [[nodiscard]] std::uint8_t function() const { return control & 0x0f; }
  [[nodiscard]] bool has_user_data() const {
    return primary() && (function() == kConfirmedUserData || function() == kUnconfirmedUserData);
  }
};

// kPdu: a header with the right checksum.
PduFront ReadHeader(base::Bytes bytes, LinkHeader& header);

struct UserData {
  std::array<std::uint8_t, kMaxUserData> bytes;
  std::size_t size = 0;
  bool damaged = false;  // a block's checksum is wrong: nothing of the frame can be trusted
  [[nodiscard]] base::Bytes view() const { return base::Bytes(bytes).first(size); }
};
// `frame` may be cut: then what is there of the last block is taken without its checksum.
void TakeUserData(base::Bytes frame, const LinkHeader& header, UserData& out);

// "reset_link_states"; "unknown_link_function" for what is not in the standard.
std::string_view LinkOperation(bool primary, std::uint8_t function);

extern const Framing kFraming;

}  // namespace tapiary::capture::dnp3
