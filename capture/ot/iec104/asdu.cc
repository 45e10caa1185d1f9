#include "capture/ot/iec104/asdu.h"

#include <algorithm>
#include <iterator>

namespace tapiary::capture::iec104 {
namespace {

// The standard's first.
constexpr FieldSizes kSizes[] = {{2, 2, 3}, {1, 1, 2}, {1, 2, 2}, {2, 2, 2}, {1, 2, 3}, {1, 1, 1}};

std::uint32_t TakeLe(base::ByteCursor& cursor, unsigned bytes) {
  switch (bytes) {
    case 1:
      return cursor.U8();
    case 2:
      return cursor.U16Le();
    default: {
      const std::uint32_t low = cursor.U16Le();
      return low | std::uint32_t{cursor.U8()} << 16;
    }
  }
}

// Without the data of a segment, whose size is not captured yet when `bytes` is short.
std::size_t SizeOf(const Asdu& asdu, const FieldSizes& sizes, base::Bytes bytes) {
  const std::size_t header = 2u + sizes.cause + sizes.common;
  const std::size_t count = asdu.count;
  if (asdu.type == kSegmentType) {
    // Name of file 2, section 1, length of segment 1.
    const std::size_t at = header + sizes.object + 3u;
    return at + 1 + (bytes.size() > at ? bytes[at] : 0u);
  }
  const std::size_t element = asdu.info->size;
  if (count == 0) return header;
  return asdu.sequence ? header + sizes.object + count * element
                       : header + count * (sizes.object + element);
}

// Other sizes than the standard's must make sense beyond the length: a cause that exists and a
// common address, which is never 0.
bool IsUsual(const FieldSizes& sizes, base::Bytes bytes) {
  if (sizes.cause + sizes.common + sizes.object == 7) return true;
  base::ByteCursor cursor(bytes.subspan(std::min<std::size_t>(bytes.size(), 2)));
  const std::uint8_t cause = cursor.U8() & 0x3f;
  if (sizes.cause == 2) cursor.Skip(1);
  const std::uint32_t common = TakeLe(cursor, sizes.common);
  return cursor.failed() || (common != 0 && !CauseName(cause).empty());
}

bool Fits(const Asdu& asdu, const FieldSizes& sizes, base::Bytes bytes, std::size_t length) {
  if (asdu.info == nullptr) return false;
  if (asdu.type == kSegmentType && bytes.size() <= 5u + sizes.cause + sizes.common + sizes.object) {
    return bytes.size() < length;
  }
  return SizeOf(asdu, sizes, bytes) == length && IsUsual(sizes, bytes);
}

}  // namespace

Asdu ReadAsdu(base::Bytes bytes, std::size_t length) {
  base::ByteCursor cursor(bytes);
  Asdu asdu;
  asdu.type = cursor.U8();
  const std::uint8_t structure = cursor.U8();
  asdu.sequence = (structure & 0x80) != 0;
  asdu.count = structure & 0x7f;
  asdu.info = FindType(asdu.type);
  if (cursor.failed()) return asdu;
  const auto* const found =
      std::find_if(std::begin(kSizes), std::end(kSizes),
                   [&](const FieldSizes& sizes) { return Fits(asdu, sizes, bytes, length); });
  asdu.fits = found != std::end(kSizes);
  if (asdu.fits) asdu.sizes = *found;
  const std::uint8_t cause = cursor.U8();
  if (asdu.sizes.cause == 2) asdu.originator = cursor.U8();
  asdu.has_cause = !cursor.failed();
  asdu.cause = cause & 0x3f;
  asdu.negative = (cause & 0x40) != 0;
  asdu.test = (cause & 0x80) != 0;
  asdu.common = static_cast<std::uint16_t>(TakeLe(cursor, asdu.sizes.common));
  asdu.has_common = !cursor.failed();
  asdu.objects = cursor.rest();
  return asdu;
}

bool AddsUp(base::Bytes bytes, std::size_t length) {
  if (bytes.empty()) return true;
  if (FindType(bytes[0]) == nullptr) return false;
  if (bytes.size() < 2) return true;
  const Asdu asdu = ReadAsdu(bytes, length);
  return asdu.fits && asdu.count != 0;
}

bool ObjectWalk::Next(InformationObject& object) {
  const bool segment = asdu_.type == kSegmentType;
  if (asdu_.info == nullptr || done_ == asdu_.count || (segment && done_ != 0)) return false;
  if (!asdu_.sequence || done_ == 0) {
    address_ = TakeLe(cursor_, asdu_.sizes.object);
    if (cursor_.failed()) return false;
  } else {
    ++address_;
    if (cursor_.remaining() == 0 && asdu_.info->size != 0) return false;
  }
  object.address = address_;
  const std::size_t size = segment ? cursor_.remaining() : asdu_.info->size;
  object.element = cursor_.Take(std::min(size, cursor_.remaining()));
  ++done_;
  return true;
}

}  // namespace tapiary::capture::iec104
