// LoadWord, StoreWord: up to eight bytes as one number, in the machine's order, for sums, hashes
// and comparisons of the hot path. The caller knows that the bytes are there. Any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tapiary::capture {

static_assert(std::endian::native == std::endian::little, "the first byte is the lowest");

inline std::uint64_t LoadWord(const void* at, std::size_t size = sizeof(std::uint64_t)) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, size);
  return word;
}

// One store. An array of words that is copied at once is first built on the stack and then loaded
// in larger pieces than it was stored in, for which the processor waits.
inline void StoreWord(void* at, std::uint64_t word) {
  std::memcpy(at, &word, sizeof word);
}

}  // namespace tapiary::capture
