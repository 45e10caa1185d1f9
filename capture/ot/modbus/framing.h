// Modbus/TCP framing: where an ADU ends.
//
// MBAP header (BE): transaction id 2, protocol id 2 (0), length 2 (unit + PDU), unit 1; then the
// PDU. Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, section 3.1. Lengths 2-254;
// UMAS (function 90) goes beyond them and is let through to 1 KiB. Pure; any thread.
#pragma once

#include <cstdint>

#include "capture/ot/framer.h"

namespace tapiary::capture::modbus {

inline constexpr std::size_t kHeaderSize = 7;
inline constexpr std::size_t kMaxLength = 254;
inline constexpr std::size_t kMaxUmasLength = 1024 + 6;

struct Header {
  std::uint16_t transaction = 0;
  std::uint16_t protocol = 0;
  std::uint16_t length = 0;
  std::uint8_t unit = 0;
};

// kPdu: a possible header; the ADU may be incomplete.
PduFront ReadHeader(base::Bytes bytes, Header& header);

struct Adu {
  Header header;
  base::Bytes pdu;  // function first; shorter than the header says when `cut`
  bool cut = false;
  std::int64_t first_ns = 0;  // packet times of its first and last byte
  std::int64_t last_ns = 0;
};
// `pdu` has at least header and function.
Adu ToAdu(const Pdu& pdu);

extern const Framing kFraming;

}  // namespace tapiary::capture::modbus
