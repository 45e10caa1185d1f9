// Decompressor: gzip (several members) and zstd (several frames, skippable ones) as a stream.
//
// Holds no input and no output of its own beyond the library's window, which is bounded. One
// thread. zlib.h and zstd.h are included by decompress.cc only, as far as reading files is
// concerned.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/byte_cursor.h"

namespace tapiary::capture {

enum class Encoding { kPlain, kGzip, kZstd };

// By content. Needs four bytes; with fewer the answer is kPlain.
Encoding DetectEncoding(base::Bytes head);

class Decompressor {
 public:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };
  virtual ~Decompressor() = default;
  // Turns some of `in` into some of `out`. After a fault it does nothing.
  virtual Step Run(base::Bytes in, std::span<std::uint8_t> out) = 0;
  // True when the input may end here: between members or frames, and at least one is complete.
  [[nodiscard]] bool at_boundary() const { return at_boundary_; }
  // What is wrong with the compressed data, or empty.
  [[nodiscard]] const std::string& fault() const { return fault_; }

 protected:
  bool at_boundary_ = false;
  std::string fault_;
};

// `max_window_log` bounds the memory that a zstd frame may ask for. Null for kPlain.
std::unique_ptr<Decompressor> MakeDecompressor(Encoding encoding, int max_window_log);

}  // namespace tapiary::capture
