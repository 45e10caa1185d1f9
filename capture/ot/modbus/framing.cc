#include "capture/ot/modbus/framing.h"

#include <algorithm>

#include "capture/ot/modbus/functions.h"

namespace tapiary::capture::modbus {
namespace {

constexpr std::string_view kBadProtocol = "modbus-protocol-id";
constexpr std::string_view kBadLength = "modbus-length";

PduFront FrontOf(base::Bytes bytes, bool) {
  Header header;
  return ReadHeader(bytes, header);
}

Shape ShapeOf(base::Bytes pdu, std::size_t length, bool from_client) {
  return from_client ? RequestShape(pdu, length) : ResponseShape(pdu, length);
}

bool LooksLikeAdu(base::Bytes bytes, bool from_client) {
  Header header;
  switch (ReadHeader(bytes, header).kind) {
    case PduFront::Kind::kMore:
      return true;
    case PduFront::Kind::kBad:
      return false;
    case PduFront::Kind::kPdu:
      break;
  }
  const std::size_t length = header.length - 1u;
  const base::Bytes rest = bytes.subspan(kHeaderSize);
  const base::Bytes pdu = rest.first(std::min(rest.size(), length));
  return ShapeOf(pdu, length, from_client) != Shape::kDiffers;
}

bool IsWhole(base::Bytes bytes, bool from_client) {
  const base::Bytes pdu = bytes.subspan(kHeaderSize);
  return ShapeOf(pdu, pdu.size(), from_client) == Shape::kFits;
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = &LooksLikeAdu,
    .whole = &IsWhole,
    .min_useful = kHeaderSize + 1,
    .max_kept = 6 + kMaxUmasLength,
    .scan = false,
    .fault_length = kBadLength,
    .fault_gap = "modbus-gap",
    .fault_search = "modbus-lost-sync",
};

PduFront ReadHeader(base::Bytes bytes, Header& header) {
  base::ByteCursor cursor(bytes);
  header.transaction = cursor.U16Be();
  header.protocol = cursor.U16Be();
  header.length = cursor.U16Be();
  header.unit = cursor.U8();
  const std::uint8_t function = cursor.U8();
  if (bytes.size() >= 3 && bytes[2] != 0) return PduFront::Bad(kBadProtocol);
  if (bytes.size() >= 4 && bytes[3] != 0) return PduFront::Bad(kBadProtocol);
  if (bytes.size() < 6) return PduFront::More();
  base::ByteCursor again(bytes.subspan(4));
  const std::uint16_t length = again.U16Be();
  if (length < 2 || length > kMaxUmasLength) return PduFront::Bad(kBadLength);
  if (cursor.failed()) return PduFront::More();
  if (length > kMaxLength && function != kUmas) return PduFront::Bad(kBadLength);
  return PduFront::Of(6u + length);
}

Adu ToAdu(const Pdu& pdu) {
  Adu adu;
  (void)ReadHeader(pdu.bytes, adu.header);
  adu.pdu = pdu.bytes.subspan(kHeaderSize);
  adu.cut = pdu.cut;
  adu.first_ns = pdu.first_ns;
  adu.last_ns = pdu.last_ns;
  return adu;
}

}  // namespace tapiary::capture::modbus
