// HART-IP messages: the header, and the HART PDU that pass-through messages carry.
//
// Header (8 bytes, BE): version, type, id, status, sequence, length with the header. HART PDU:
// delimiter, address of 1 or 5 bytes, expansion bytes, command, byte count, data, checksum (XOR of
// all before). Sources: FieldComm HCF_SPEC-085 "Network Management" (HART-IP), HCF_SPEC-081 "Token
// Passing Data Link Layer". Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "capture/ot/framer.h"

namespace tapiary::capture::hartip {

inline constexpr std::size_t kHeaderSize = 8;
inline constexpr std::size_t kMaxMessage = 4096;

enum MessageType : std::uint8_t {
  kRequest = 0,
  kResponse = 1,
  kPublish = 2,
  kError = 3,
  kNak = 15,
};
enum MessageId : std::uint8_t {
  kInitiate = 0,
  kClose = 1,
  kKeepAlive = 2,
  kPassThrough = 3,
  kDirect = 4,
  kAuditLog = 5,
};

struct Message {
  std::uint8_t version = 0;
  std::uint8_t type = 0;
  std::uint8_t id = 0;
  std::uint8_t status = 0;
  std::uint16_t sequence = 0;
  std::uint16_t length = 0;  // with the header
  base::Bytes body;
};
// False when the bytes cannot be a message's begin; needs kHeaderSize bytes.
bool ReadMessage(base::Bytes bytes, Message& out);

struct HartPdu {
  std::uint8_t delimiter = 0;
  base::Bytes address;  // 1 or 5 bytes
  std::uint8_t command = 0;
  base::Bytes data;     // of a response the response code and the device status first
  bool header = false;  // all up to the byte count is there
  bool checksum_good = false;
  std::size_t size = 0;   // by its byte count, with the checksum; needs `header`
  std::size_t extra = 0;  // bytes behind the checksum
  [[nodiscard]] std::uint8_t frame_type() const { return delimiter & 0x07; }
};
inline constexpr std::uint8_t kBurst = 1;  // frame types
inline constexpr std::uint8_t kStx = 2;
inline constexpr std::uint8_t kAck = 6;

// False when bytes are missing; what was read until then is in `out`.
bool ReadHart(base::Bytes body, HartPdu& out);

extern const Framing kFraming;

}  // namespace tapiary::capture::hartip
