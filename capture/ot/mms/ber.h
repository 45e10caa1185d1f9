// BER, as much as MMS needs: one element at a time, everything bounded.
//
// Tags of up to four bytes of number, lengths of up to four bytes, indefinite lengths taken as "to
// the end of what is there". Nothing here recurses; who goes down counts the depth. Source: X.690.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/byte_cursor.h"

namespace tapiary::capture::mms {

struct Element {
  std::uint8_t first = 0;    // identifier byte: class, constructed, number when below 31
  std::uint32_t number = 0;  // of the tag
  base::Bytes value;         // as far as it is there
  bool cut = false;          // its length goes beyond what is there
  [[nodiscard]] bool constructed() const { return (first & 0x20) != 0; }
  [[nodiscard]] bool context() const { return (first & 0xc0) == 0x80; }
};

// The element at the front of `rest`, which is then what follows it. Nothing: no element.
std::optional<Element> TakeElement(base::Bytes& rest);
// The first element in `bytes` with this identifier byte.
std::optional<Element> FindElement(base::Bytes bytes, std::uint8_t first);
// As a two's complement number, of at most 8 bytes.
std::optional<std::int64_t> ToInteger(base::Bytes value);

}  // namespace tapiary::capture::mms
