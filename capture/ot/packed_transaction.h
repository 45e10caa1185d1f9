// PackedTransaction: a request that waits for its response, in one block of just its size.
//
// A Transaction is 400 bytes and several allocations, most of them for what is empty or is only
// filled in when it is emitted; packed, a Modbus write takes some 60 bytes. Holds what a decoder
// sets: not flow, number, ends and interface, which the receiver of OtOutput::Emit adds. Numbers
// are LEB128, signed ones zigzag. The bytes are our own, so reading trusts them. One thread.
#pragma once

#include <cstdint>
#include <memory>

#include "capture/records.h"

namespace tapiary::capture {

class PackedTransaction {
 public:
  PackedTransaction() = default;
  explicit PackedTransaction(const Transaction& transaction);
  [[nodiscard]] Transaction Unpack() const;
  // Of the heap, with the allocator's own.
  [[nodiscard]] std::size_t heap_bytes() const { return size_ == 0 ? 0 : size_ + kOverhead; }

 private:
  static constexpr std::size_t kOverhead = 16;
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::uint32_t size_ = 0;
};

// The heap behind a transaction as it is; an estimate.
std::size_t HeapBytes(const Transaction& transaction);

}  // namespace tapiary::capture
