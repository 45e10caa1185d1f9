#include "capture/ot/iec104/framing.h"

#include <algorithm>

#include "capture/ot/iec104/asdu.h"

namespace tapiary::capture::iec104 {
namespace {

constexpr std::uint8_t kStart = 0x68;
constexpr std::size_t kMinLength = 4;
constexpr std::size_t kMaxLength = 253;
constexpr std::size_t kMinAsdu = 5;  // type, count, cause, address, one more
constexpr std::string_view kBadLength = "iec104-length";

PduFront FrontOf(base::Bytes bytes, bool) {
  Apci apci;
  return ReadApci(bytes, apci);
}

bool PlausibleFront(base::Bytes bytes, bool) {
  return LooksLikeApdu(bytes);
}

bool IsExactU(base::Bytes bytes) {
  switch (bytes[2]) {
    case 0x07:
    case 0x0b:
    case 0x13:
    case 0x23:
    case 0x43:
    case 0x83:
      break;
    default:
      return false;
  }
  return bytes[3] == 0 && bytes[4] == 0 && bytes[5] == 0;
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = &PlausibleFront,
    .whole = nullptr,
    .min_useful = kHeaderSize,
    .max_kept = kMaxLength + 2,
    .scan = true,
    .fault_length = {},
    .fault_gap = "iec104-gap",
    .fault_search = "iec104-lost-sync",
};

PduFront ReadApci(base::Bytes bytes, Apci& apci) {
  if (!bytes.empty() && bytes[0] != kStart) return PduFront::Bad("iec104-start");
  if (bytes.size() < 2) return PduFront::More();
  const std::size_t length = bytes[1];
  if (length < kMinLength || length > kMaxLength) return PduFront::Bad(kBadLength);
  if (bytes.size() < 3) return PduFront::More();
  apci.control = bytes[2];
  const bool numbered = (apci.control & 1) == 0;
  if (numbered ? length < kMinLength + kMinAsdu : length != kMinLength) {
    return PduFront::Bad(kBadLength);
  }
  if (bytes.size() >= 5 && (apci.control & 3) != 3 && (bytes[4] & 1) != 0) {
    return PduFront::Bad("iec104-control");
  }
  if (bytes.size() < kHeaderSize) return PduFront::More();
  base::ByteCursor cursor(bytes.subspan(2));
  apci.send = cursor.U16Le() >> 1;
  apci.receive = cursor.U16Le() >> 1;
  apci.format = numbered ? Format::kI : (apci.control & 2) != 0 ? Format::kU : Format::kS;
  return PduFront::Of(length + 2);
}

bool LooksLikeApdu(base::Bytes bytes) {
  Apci apci;
  const PduFront front = ReadApci(bytes, apci);
  if (front.kind == PduFront::Kind::kMore) return true;
  if (front.kind == PduFront::Kind::kBad) return false;
  if (apci.format == Format::kU) return IsExactU(bytes);
  if (apci.format == Format::kS) return bytes[2] == 1 && bytes[3] == 0;
  const base::Bytes asdu = bytes.subspan(kHeaderSize);
  return AddsUp(asdu.first(std::min(asdu.size(), front.size - kHeaderSize)),
                front.size - kHeaderSize);
}

}  // namespace tapiary::capture::iec104
