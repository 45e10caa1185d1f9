// ByteStream: the bytes of a capture file, plain or decompressed, through one growing window.
//
// Files, pipes and standard input alike: nothing seeks, and reads may return one byte at a time.
// Compression is found by content (RD-10). The window grows only as real data fills it, so a
// hostile length in a small file costs no memory (RD-01). One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_cursor.h"
#include "base/file.h"
#include "base/result.h"
#include "capture/source/decompress.h"

namespace tapiary::capture {

class ByteStream {
 public:
  struct Limits {  // for compressed input; 0 is no limit
    std::uint64_t max_expanded_bytes = 0;
    std::uint64_t max_expansion_ratio = 0;
  };
  enum class FillState { kMore, kIdle, kEnd };

  // "-" is standard input.
  static base::Result<std::unique_ptr<ByteStream>> Open(const std::string& path, Limits limits);

  // Unread bytes. Views of it are valid until the next Fill.
  [[nodiscard]] base::Bytes window() const {
    return base::Bytes(buffer_).subspan(begin_, end_ - begin_);
  }
  // Takes bytes off the front of the window. May be more than it holds: the rest is skipped as it
  // comes.
  void Consume(std::uint64_t size);
  // Adds bytes to the window, waiting at most wait_ms (-1: as long as it takes). kTooLarge when a
  // limit is passed, kIo when reading fails.
  base::Result<FillState> Fill(int wait_ms);

  // Position of the window's first byte, and of its end, in the decompressed stream.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] std::uint64_t end_offset() const { return offset_ + (end_ - begin_); }
  [[nodiscard]] std::uint64_t skipping() const { return skip_; }
  [[nodiscard]] bool is_regular_file() const { return regular_; }
  [[nodiscard]] Encoding encoding() const { return encoding_; }
  // After kEnd: damaged compressed data, or empty.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  // After kEnd: the compressed data ended in the middle.
  [[nodiscard]] bool is_cut() const { return cut_; }

 private:
  explicit ByteStream(base::UniqueFd fd, std::string path, Limits limits, bool regular);
  base::Result<FillState> ReadRaw(std::span<std::uint8_t> out, std::size_t& size, int wait_ms);
  base::Result<FillState> Detect(int wait_ms);
  base::Result<FillState> FillPlain(int wait_ms);
  base::Result<FillState> FillDecompressed(int wait_ms);
  FillState EndOfInput();
  void MakeRoom();
  void Accept(std::size_t size);
  [[nodiscard]] base::Result<> CheckLimits() const;

  base::UniqueFd fd_;
  std::string path_;
  Limits limits_;
  bool regular_;
  bool detected_ = false;
  bool ended_ = false;
  bool cut_ = false;
  bool output_was_full_ = false;
  Encoding encoding_ = Encoding::kPlain;
  std::unique_ptr<Decompressor> decompressor_;
  std::vector<std::uint8_t> raw_;  // compressed input not yet used: [raw_begin_, raw_end_)
  std::size_t raw_begin_ = 0;
  std::size_t raw_end_ = 0;
  std::vector<std::uint8_t> buffer_;  // the window is [begin_, end_)
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t skip_ = 0;  // bytes to drop as they arrive
  std::uint64_t raw_total_ = 0;
  std::uint64_t expanded_total_ = 0;
  std::string fault_;
};

}  // namespace tapiary::capture
