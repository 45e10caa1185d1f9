// ByteCursor: a bounded reader over borrowed bytes. The only way bytes from outside are read.
//
// Reads past the end give zero and set failed(); nothing is ever read outside the span. So a
// decoder reads a whole header, then asks failed() once. Copying a cursor is how a decoder looks
// ahead. Hot path: everything is inline and branch-cheap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tapiary::base {

using Bytes = std::span<const std::uint8_t>;

class ByteCursor {
 public:
  explicit ByteCursor(Bytes bytes) : bytes_(bytes) {}

  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] std::size_t remaining() const { return bytes_.size() - offset_; }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] Bytes rest() const { return bytes_.subspan(offset_); }

  std::uint8_t U8() { return static_cast<std::uint8_t>(Big(1)); }
  std::uint16_t U16Be() { return static_cast<std::uint16_t>(Big(2)); }
  std::uint32_t U24Be() { return static_cast<std::uint32_t>(Big(3)); }
  std::uint32_t U32Be() { return static_cast<std::uint32_t>(Big(4)); }
  std::uint64_t U64Be() { return Big(8); }
  std::uint16_t U16Le() { return static_cast<std::uint16_t>(Little(2)); }
  std::uint32_t U32Le() { return static_cast<std::uint32_t>(Little(4)); }
  std::uint64_t U64Le() { return Little(8); }
  std::uint16_t U16(bool big) { return big ? U16Be() : U16Le(); }
  std::uint32_t U32(bool big) { return big ? U32Be() : U32Le(); }
  std::uint64_t U64(bool big) { return big ? U64Be() : U64Le(); }

  // The next `size` bytes, or an empty span and failed().
  Bytes Take(std::size_t size) {
    if (size > remaining()) {
      Fail();
      return {};
    }
    const Bytes taken = bytes_.subspan(offset_, size);
    offset_ += size;
    return taken;
  }
  void Skip(std::size_t size) { (void)Take(size); }

 private:
  void Fail() {
    failed_ = true;
    offset_ = bytes_.size();
  }
  std::uint64_t Big(std::size_t size) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : Take(size)) value = (value << 8) | byte;
    return value;
  }
  std::uint64_t Little(std::size_t size) {
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (const std::uint8_t byte : Take(size)) {
      value |= static_cast<std::uint64_t>(byte) << shift;
      shift += 8;
    }
    return value;
  }

  Bytes bytes_;
  std::size_t offset_ = 0;
  bool failed_ = false;
};

}  // namespace tapiary::base
