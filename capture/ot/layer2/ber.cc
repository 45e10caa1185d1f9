#include "capture/ot/layer2/ber.h"

#include <algorithm>

namespace tapiary::capture::layer2 {

bool BerReader::Next(BerElement& out) {
  if (bad_ || cursor_.remaining() == 0) return false;
  out = BerElement{};
  out.tag = cursor_.U8();
  const std::uint8_t first = cursor_.U8();
  out.length = first;
  if ((first & 0x80) != 0) {
    const unsigned bytes = first & 0x7fu;
    bad_ = bytes == 0 || bytes > 4 || cursor_.remaining() < bytes;
    out.length = 0;
    for (unsigned i = 0; i < bytes && !bad_; ++i) out.length = out.length << 8 | cursor_.U8();
  }
  bad_ = bad_ || cursor_.failed() || (out.tag & 0x1f) == 0x1f;
  if (bad_) return false;
  out.cut = out.length > cursor_.remaining();
  out.content = cursor_.Take(std::min(out.length, cursor_.remaining()));
  return true;
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

}  // namespace tapiary::capture::layer2
