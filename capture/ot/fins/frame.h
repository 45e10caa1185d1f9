// FINS frames: header, command, and the wrapper they have in TCP.
//
// Header (10 bytes): ICF, RSV, GCT, destination network/node/unit, source network/node/unit, SID;
// then the command, in responses the end code. In TCP each frame lies behind "FINS", length,
// command and error (16 bytes, BE). Source: Omron W342 "Communications Commands", sections 3 and 5;
// W420 section 7-4 for FINS/TCP. Pure; any thread.
#pragma once

#include <cstdint>

#include "capture/ot/framer.h"

namespace tapiary::capture::fins {

inline constexpr std::size_t kWrapperSize = 16;
inline constexpr std::size_t kHeaderSize = 12;  // with the command
inline constexpr std::size_t kMaxFrame = 2060;  // 2,000 bytes of data, header, margin

enum TcpCommand : std::uint32_t {
  kNodeRequest = 0,  // client asks for its node address
  kNodeReply = 1,
  kFrame = 2,
  kSendError = 3,
  kConfirm = 6,
};

struct Frame {
  bool response = false;
  bool wants_reply = true;
  std::uint8_t destination[3] = {};  // network, node, unit
  std::uint8_t source[3] = {};
  std::uint8_t sid = 0;
  std::uint16_t command = 0;
  base::Bytes data;  // behind the command; of a response the end code first
};

// False when the bytes cannot be a frame's begin; needs kHeaderSize bytes.
bool ReadFrame(base::Bytes bytes, Frame& out);

// What is behind the wrapper, and its command. `pdu` as kFraming cut it.
struct Wrapped {
  std::uint32_t command = 0;
  std::uint32_t error = 0;
  base::Bytes frame;
};
Wrapped Unwrap(base::Bytes pdu);

extern const Framing kFraming;  // of TCP

}  // namespace tapiary::capture::fins
