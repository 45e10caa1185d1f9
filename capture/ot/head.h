// OtHead: which first bytes a PDU of a protocol may have, as its registry row declares them.
//
// Off a protocol's usual ports its recogniser is asked only about bytes that its head allows
// (registry.h makes one table of all rows), so that traffic of something else costs four loads and
// not one call a protocol. A head may allow too much, never too little: for bytes that it refuses
// the recogniser says no by itself (tests/capture/ot/head_test.cc holds each row to that). Pure.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "base/byte_cursor.h"

namespace tapiary::capture {

class ByteSet {
 public:
  constexpr ByteSet() : words_{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX} {}  // any
  constexpr ByteSet(std::initializer_list<std::uint8_t> bytes) : words_{0, 0, 0, 0} {
    for (const std::uint8_t byte : bytes) Add(byte);
  }
  static constexpr ByteSet Range(std::uint8_t low, std::uint8_t high) {
    ByteSet out = None();
    for (unsigned byte = low; byte <= high; ++byte) out.Add(static_cast<std::uint8_t>(byte));
    return out;
  }
  static constexpr ByteSet None() {
    ByteSet out;
    for (std::uint64_t& word : out.words_) word = 0;
    return out;
  }
  [[nodiscard]] constexpr bool Has(std::uint8_t byte) const {
    return (words_[byte >> 6] >> (byte & 63) & 1) != 0;
  }

 private:
  constexpr void Add(std::uint8_t byte) { words_[byte >> 6] |= std::uint64_t{1} << (byte & 63); }

  std::uint64_t words_[4];
};

struct OtHead {
  static constexpr std::size_t kBytes = 4;
  ByteSet at[kBytes];  // by place; bytes that are not there yet are allowed

  [[nodiscard]] constexpr bool Allows(base::Bytes bytes) const {
    for (std::size_t i = 0; i < kBytes && i < bytes.size(); ++i) {
      if (!at[i].Has(bytes[i])) return false;
    }
    return true;
  }
};

}  // namespace tapiary::capture
