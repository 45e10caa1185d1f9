#include "capture/ot/mms/ber.h"

namespace tapiary::capture::mms {
namespace {

constexpr int kMaxTagBytes = 4;
constexpr int kMaxSiblings = 64;

bool ReadTag(base::ByteCursor& cursor, Element& out) {
  out.first = cursor.U8();
  out.number = out.first & 0x1f;
  if (out.number != 0x1f) return !cursor.failed();
  out.number = 0;
  for (int i = 0; i < kMaxTagBytes; ++i) {
    const std::uint8_t byte = cursor.U8();
    out.number = out.number << 7 | (byte & 0x7fu);
    if ((byte & 0x80) == 0) return !cursor.failed();
  }
  return false;
}

// Nothing: no length; SIZE_MAX: indefinite.
std::optional<std::size_t> ReadLength(base::ByteCursor& cursor) {
  const std::uint8_t first = cursor.U8();
  if (cursor.failed()) return std::nullopt;
  if (first < 0x80) return first;
  if (first == 0x80) return SIZE_MAX;
  const int bytes = first & 0x7f;
  if (bytes > 4) return std::nullopt;
  std::size_t length = 0;
  for (int i = 0; i < bytes; ++i) length = length << 8 | cursor.U8();
  if (cursor.failed()) return std::nullopt;
  return length;
}

}  // namespace

std::optional<Element> TakeElement(base::Bytes& rest) {
  base::ByteCursor cursor(rest);
  Element out;
  if (!ReadTag(cursor, out)) return std::nullopt;
  const std::optional<std::size_t> length = ReadLength(cursor);
  if (!length) return std::nullopt;
  if (*length == SIZE_MAX) {
    if (!out.constructed()) return std::nullopt;
    out.value = cursor.rest();
    rest = {};
    return out;
  }
  if (out.first == 0 && *length == 0) return std::nullopt;  // the end of an indefinite one
  out.cut = *length > cursor.remaining();
  out.value = cursor.Take(out.cut ? cursor.remaining() : *length);
  rest = cursor.rest();
  return out;
}

std::optional<Element> FindElement(base::Bytes bytes, std::uint8_t first) {
  for (int i = 0; i < kMaxSiblings && !bytes.empty(); ++i) {
    const std::optional<Element> element = TakeElement(bytes);
    if (!element) return std::nullopt;
    if (element->first == first) return element;
  }
  return std::nullopt;
}

std::optional<std::int64_t> ToInteger(base::Bytes value) {
  if (value.empty() || value.size() > 8) return std::nullopt;
  std::uint64_t out = (value[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const std::uint8_t byte : value) out = out << 8 | byte;
  return static_cast<std::int64_t>(out);
}

}  // namespace tapiary::capture::mms
