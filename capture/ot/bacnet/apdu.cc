#include "capture/ot/bacnet/apdu.h"

namespace tapiary::capture::bacnet {
namespace {

// Bits of the first octet that must be zero, by type.
constexpr std::uint8_t kReserved[kApduTypes] = {0x01, 0x0f, 0x0f, 0x03, 0x0c, 0x0f, 0x0f, 0x0e};

void ReadSegment(base::ByteCursor& cursor, Apdu& out) {
  if (!out.segmented) return;
  out.sequence = cursor.U8();
  cursor.Skip(1);  // proposed window size
}

}  // namespace

Apdu ReadApdu(base::Bytes bytes) {
  Apdu out;
  if (bytes.empty()) return out;
  base::ByteCursor cursor(bytes);
  const std::uint8_t first = cursor.U8();
  out.type = first >> 4;
  if (out.type >= kApduTypes || (first & kReserved[out.type]) != 0) return out;
  out.segmented = (out.type == kConfirmedRequest || out.type == kComplexAck) && (first & 8) != 0;
  out.more_follows = out.segmented && (first & 4) != 0;
  out.from_server = (out.type == kAbort || out.type == kSegmentAck) && (first & 1) != 0;
  switch (out.type) {
    case kConfirmedRequest:
      cursor.Skip(1);  // segments and size the sender takes
      out.invoke_id = cursor.U8();
      ReadSegment(cursor, out);
      break;
    case kUnconfirmedRequest:
      break;
    case kSegmentAck:
      out.invoke_id = cursor.U8();
      out.sequence = cursor.U8();
      break;  // the window size is where a service would be
    default:
      out.invoke_id = cursor.U8();
      ReadSegment(cursor, out);
  }
  out.service = cursor.U8();
  out.cut = cursor.failed();
  out.valid = !out.cut;
  out.data = cursor.rest();
  return out;
}

std::string_view ApduTypeName(std::uint8_t type) {
  static constexpr std::string_view kNames[kApduTypes] = {
      "confirmed_request",
      "unconfirmed_request",
      "simple_ack",
      "complex_ack",
      "segment_ack",
      "error",
      "reject",
      "abort",
  };
  return type < kApduTypes ? kNames[type] : "unknown";
}

}  // namespace tapiary::capture::bacnet
