// The Internet checksum (RFC 1071), inside decode/ only: whether a segment and its pseudo header
// add up.
//
// One's complement sums may be taken in words of any size: here eight bytes at a time as the
// machine reads them, with the carries in the upper half. Right is what folds to 0xffff, that is, a
// multiple of 0xffff other than 0. Hot path. Pure functions; any thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"
#include "capture/load_word.h"

namespace tapiary::capture::decode {

__extension__ using ChecksumSum = unsigned __int128;

// `bytes` must begin at an even place of what is summed.
inline ChecksumSum AddToSum(base::Bytes bytes, ChecksumSum sum) {
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 32; left -= 32, at += 32) {
    sum += LoadWord(at);
    sum += LoadWord(at + 8);
    sum += LoadWord(at + 16);
    sum += LoadWord(at + 24);
  }
  for (; left >= 8; left -= 8, at += 8) sum += LoadWord(at);
  if (left == 0) return sum;
  // The last word again, without what of it was added.
  if (bytes.size() >= 8) return sum + (LoadWord(at + left - 8) >> (8 * (8 - left)));
  return sum + LoadWord(at, left);
}

// Length and protocol, which end the pseudo header.
inline std::uint64_t PseudoTail(std::uint32_t length, std::uint8_t proto) {
  return __builtin_bswap32(length + proto);
}

inline bool IsRightSum(ChecksumSum sum) {
  const auto low = static_cast<std::uint64_t>(sum);
  const std::uint64_t folded = low + static_cast<std::uint64_t>(sum >> 64);
  const std::uint64_t whole = folded + (folded < low ? 1 : 0);
  return whole != 0 && whole % 0xffff == 0;
}

}  // namespace tapiary::capture::decode
