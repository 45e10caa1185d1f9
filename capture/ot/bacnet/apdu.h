// BACnet APDU headers: type, invoke id, service, segmentation.
//
// Source: ANSI/ASHRAE 135-2020, clause 20.1. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_cursor.h"

namespace tapiary::capture::bacnet {

enum ApduType : std::uint8_t {
  kConfirmedRequest = 0,
  kUnconfirmedRequest = 1,
  kSimpleAck = 2,
  kComplexAck = 3,
  kSegmentAck = 4,
  kError = 5,
  kReject = 6,
  kAbort = 7,
};
inline constexpr std::uint8_t kApduTypes = 8;

struct Apdu {
  bool valid = false;  // a known type, reserved bits 0, the whole header is there
  bool cut = false;    // like one as far as it goes
  std::uint8_t type = 0;
  bool segmented = false, more_follows = false;
  bool from_server = false;  // abort and segment ack
  std::uint8_t invoke_id = 0;
  std::uint8_t sequence = 0;  // of a segment; acknowledged one of a segment ack
  std::uint8_t service = 0;   // reject, abort: reason
  base::Bytes data;           // service parameters
};
Apdu ReadApdu(base::Bytes bytes);
// "confirmed_request", ...
std::string_view ApduTypeName(std::uint8_t type);

}  // namespace tapiary::capture::bacnet
