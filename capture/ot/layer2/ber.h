// BER elements (ITU-T X.690) one after the other: tag, length, content, never beyond the bytes.
//
// For GOOSE, GSE management and sampled values, whose tags fit one byte. Lengths of up to four
// bytes; indefinite lengths and longer tags are refused. No recursion here: who descends limits the
// depth. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"

namespace tapiary::capture::layer2 {

struct BerElement {
  std::uint8_t tag = 0;
  std::size_t length = 0;  // as told
  base::Bytes content;     // shorter than `length` when `cut`
  bool cut = false;        // its end lies beyond the bytes
};

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

// Big endian, at most eight bytes (of more the last eight).
std::uint64_t BerUnsigned(base::Bytes content);
std::int64_t BerSigned(base::Bytes content);

}  // namespace tapiary::capture::layer2
