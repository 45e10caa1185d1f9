// BER (ITU-T X.690), as much as GOOSE, sampled values and MMS need: one element after the other,
// never beyond the bytes that are there.
//
// Tags of up to four bytes of number, lengths of up to four bytes. Nothing here recurses: who goes
// down limits the depth. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/byte_cursor.h"

namespace tapiary::capture {

struct BerElement {
  std::uint8_t tag = 0;      // identifier byte: class, constructed, number when below 31
  std::uint32_t number = 0;  // of the tag
  std::size_t length = 0;    // as told; kBerIndefinite
  base::Bytes content;       // shorter than `length` when `cut`
  bool cut = false;          // its end lies beyond the bytes
  [[nodiscard]] bool constructed() const { return (tag & 0x20) != 0; }
  [[nodiscard]] bool context() const { return (tag & 0xc0) == 0x80; }
};
inline constexpr std::size_t kBerIndefinite = SIZE_MAX;

// For protocols whose tags fit one byte and whose lengths are definite: all else is bad.
class BerReader {
 public:
  explicit BerReader(base::Bytes bytes) : cursor_(bytes) {}
  // False at the end, and when what follows is no element: then bad().
  bool Next(BerElement& out);
  [[nodiscard]] bool bad() const { return bad_; }

 private:
  base::ByteCursor cursor_;
  bool bad_ = false;
};

// The element at the front of `rest`, which is then what follows it; an indefinite length is taken
// as "to the end of what is there". Nothing: no element, or the end of an indefinite one.
std::optional<BerElement> TakeElement(base::Bytes& rest);
// The first element in `bytes` with this identifier byte.
std::optional<BerElement> FindElement(base::Bytes bytes, std::uint8_t tag);

// Big endian; of more than eight bytes the last eight.
std::uint64_t BerUnsigned(base::Bytes content);
std::int64_t BerSigned(base::Bytes content);
// As BerSigned, and nothing for no byte and for more than eight.
std::optional<std::int64_t> ToInteger(base::Bytes content);

}  // namespace tapiary::capture
