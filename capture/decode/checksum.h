// The Internet checksum (RFC 1071), inside decode/ only: whether a segment and its pseudo header
// add up.
//
// One's complement sums may be taken in words of any size: here eight bytes at a time as the
// machine reads them, each carry added again. Right is what folds to 0xffff, that is, a multiple of
// 0xffff other than 0. Hot path. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/byte_cursor.h"
#include "capture/load_word.h"

namespace tapiary::capture::decode {

inline std::uint64_t AddWord(std::uint64_t sum, std::uint64_t word) {
  sum += word;
  return sum + (sum < word ? 1 : 0);
}

// Two words at once, as every 64-bit processor can.
using WordPair [[gnu::vector_size(16)]] = std::uint64_t;

// Of `blocks` times 32 bytes. The upper halves are summed on their own too, which gives the lower
// ones exactly, without a look at any carry; 2^32 is 1 modulo 0xffff, so both halves count alike.
inline std::uint64_t SumOfBlocks(const std::uint8_t* at, std::size_t blocks) {
  WordPair all{}, high{};
  for (; blocks > 0; --blocks, at += 2 * sizeof(WordPair)) {
    WordPair first, second;
    std::memcpy(&first, at, sizeof first);
    std::memcpy(&second, at + sizeof first, sizeof second);
    all += first;
    all += second;
    high += first >> 32;
    high += second >> 32;
  }
  const WordPair low = all - (high << 32);
  return low[0] + low[1] + high[0] + high[1];
}

// `bytes` must begin at an even place of what is summed.
inline std::uint64_t AddToSum(base::Bytes bytes, std::uint64_t sum) {
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  if (left >= 64) {
    sum = AddWord(sum, SumOfBlocks(at, left / 32));
    at += left & ~std::size_t{31};
    left &= 31;
  }
  for (; left >= 8; left -= 8, at += 8) sum = AddWord(sum, LoadWord(at));
  if (left == 0) return sum;
  // The last word again, without what of it was added.
  if (bytes.size() >= 8) return AddWord(sum, LoadWord(at + left - 8) >> (8 * (8 - left)));
  std::uint64_t tail = 0;
  while (left-- > 0) tail = tail << 8 | at[left];
  return AddWord(sum, tail);
}

// Length and protocol, which end the pseudo header.
inline std::uint64_t PseudoTail(std::uint32_t length, std::uint8_t proto) {
  return __builtin_bswap32(length + proto);
}

inline bool IsRightSum(std::uint64_t sum) {
  return sum != 0 && sum % 0xffff == 0;
}

}  // namespace tapiary::capture::decode
