#include "capture/ot/fins/frame.h"

#include <algorithm>
#include <array>

namespace tapiary::capture::fins {
namespace {

constexpr std::array<std::uint8_t, 4> kMagic = {'F', 'I', 'N', 'S'};

PduFront FrontOf(base::Bytes bytes, bool) {
  const std::size_t there = std::min(bytes.size(), kMagic.size());
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(there),
                  kMagic.begin())) {
    return PduFront::Bad("fins-magic");
  }
  if (bytes.size() < 8) return PduFront::More();
  base::ByteCursor cursor(bytes.subspan(4));
  const std::uint32_t length = cursor.U32Be();  // of what follows it
  if (length < 8 || length > kWrapperSize + kMaxFrame) return PduFront::Bad("fins-length");
  return PduFront::Of(8 + length);
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = nullptr,
    .whole = nullptr,
    .min_useful = kWrapperSize + kHeaderSize,
    .max_kept = kWrapperSize + kMaxFrame,
    .scan = false,
    .fault_length = "fins-length",
    .fault_gap = "fins-gap",
    .fault_search = "fins-lost-sync",
};

Wrapped Unwrap(base::Bytes pdu) {
  base::ByteCursor cursor(pdu);
  cursor.Skip(8);
  Wrapped out;
  out.command = cursor.U32Be();
  out.error = cursor.U32Be();
  out.frame = cursor.rest();
  return out;
}

bool ReadFrame(base::Bytes bytes, Frame& out) {
  base::ByteCursor cursor(bytes);
  const std::uint8_t icf = cursor.U8();
  const std::uint8_t reserved = cursor.U8();
  const std::uint8_t gateways = cursor.U8();
  for (std::uint8_t& part : out.destination) part = cursor.U8();
  for (std::uint8_t& part : out.source) part = cursor.U8();
  out.sid = cursor.U8();
  out.command = cursor.U16Be();
  if (cursor.failed()) return false;
  // Bits 5-1 of ICF and RSV are 0; at most 7 gateways may be passed.
  if ((icf & 0x80) == 0 || (icf & 0x3e) != 0 || reserved != 0 || gateways > 7) return false;
  out.response = (icf & 0x40) != 0;
  out.wants_reply = (icf & 0x01) == 0;
  out.data = cursor.rest();
  return true;
}

}  // namespace tapiary::capture::fins
