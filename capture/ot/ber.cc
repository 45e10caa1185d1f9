#include "capture/ot/ber.h"

#include <algorithm>

namespace tapiary::capture {
namespace {

constexpr int kMaxTagBytes = 4;
constexpr int kMaxLengthBytes = 4;
constexpr int kMaxSiblings = 64;
constexpr std::uint8_t kLongTag = 0x1f;

bool ReadTag(base::ByteCursor& cursor, BerElement& out) {
  out.tag = cursor.U8();
  out.number = out.tag & kLongTag;
  if (out.number != kLongTag) return !cursor.failed();
  out.number = 0;
  for (int i = 0; i < kMaxTagBytes; ++i) {
    const std::uint8_t byte = cursor.U8();
    out.number = out.number << 7 | (byte & 0x7fu);
    if ((byte & 0x80) == 0) return !cursor.failed();
  }
  return false;
}

bool ReadLength(base::ByteCursor& cursor, BerElement& out) {
  const std::uint8_t first = cursor.U8();
  out.length = first == 0x80 ? kBerIndefinite : first;
  if (first <= 0x80) return !cursor.failed();
  const int bytes = first & 0x7f;
  if (bytes > kMaxLengthBytes) return false;
  out.length = 0;
  for (int i = 0; i < bytes; ++i) out.length = out.length << 8 | cursor.U8();
  return !cursor.failed();
}

// The content of an indefinite one is all that is there.
bool ReadElement(base::ByteCursor& cursor, BerElement& out) {
  out = BerElement{};
  if (!ReadTag(cursor, out) || !ReadLength(cursor, out)) return false;
  out.cut = out.length != kBerIndefinite && out.length > cursor.remaining();
  out.content = cursor.Take(std::min(out.length, cursor.remaining()));
  return true;
}

}  // namespace

bool BerReader::Next(BerElement& out) {
  if (bad_ || cursor_.remaining() == 0) return false;
  bad_ = !ReadElement(cursor_, out) || (out.tag & kLongTag) == kLongTag ||
         out.length == kBerIndefinite;
  return !bad_;
}

std::optional<BerElement> TakeElement(base::Bytes& rest) {
  base::ByteCursor cursor(rest);
  BerElement out;
  if (!ReadElement(cursor, out)) return std::nullopt;
  if (out.length == kBerIndefinite && !out.constructed()) return std::nullopt;
  if (out.tag == 0 && out.length == 0) return std::nullopt;  // the end of an indefinite one
  rest = cursor.rest();
  return out;
}

std::optional<BerElement> FindElement(base::Bytes bytes, std::uint8_t tag) {
  for (int i = 0; i < kMaxSiblings && !bytes.empty(); ++i) {
    const std::optional<BerElement> element = TakeElement(bytes);
    if (!element) return std::nullopt;
    if (element->tag == tag) return element;
  }
  return std::nullopt;
}

std::uint64_t BerUnsigned(base::Bytes content) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : content) value = value << 8 | byte;
  return value;
}

std::int64_t BerSigned(base::Bytes content) {
  const bool negative = !content.empty() && (content[0] & 0x80) != 0;
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  for (const std::uint8_t byte : content) value = value << 8 | byte;
  return static_cast<std::int64_t>(value);
}

std::optional<std::int64_t> ToInteger(base::Bytes content) {
  if (content.empty() || content.size() > 8) return std::nullopt;
  return BerSigned(content);
}

}  // namespace tapiary::capture
