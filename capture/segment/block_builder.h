// BlockBuilder: copies each packet once into the current block, as pcapng.
//
// A block is a run of whole pcapng blocks: section header and interface description first (every
// block has them, so that each can be read alone), then enhanced packet blocks with nanosecond
// times, direction and the frame as it was on the wire (a VLAN tag that was taken out is put back).
// Blocks come from a fixed pool; when the pool is empty the packet is counted, not waited for. Hot
// path: one thread, no allocation. Format: docs/formats/segment.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "capture/packet.h"
#include "capture/source/packet_source.h"

namespace tapiary::capture {

inline constexpr std::size_t kDefaultBlockBytes = 512 * 1024;
// Smaller blocks are made this large: headers and one largest packet must fit.
inline constexpr std::size_t kMinBlockBytes = kMaxPacketBytes + 8 * 1024;

// Bytes that grow without being cleared first: what is resized is written at once.
template <class T>
struct UnclearedAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UnclearedAllocator<U>;
  };
  template <class U>
  void construct(U* at) noexcept {
    ::new (static_cast<void*>(at)) U;
  }
  template <class U, class... Args>
  void construct(U* at, Args&&... args) {
    ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
  }
};
using BlockBytes = std::vector<std::uint8_t, UnclearedAllocator<std::uint8_t>>;

// One block in memory. Owned by its pool or by whoever holds it between the rings.
struct Block {
  std::uint32_t stream = 0;
  std::uint64_t number = 0;   // counts from 0 per stream and epoch
  std::int64_t first_ns = 0;  // smallest and largest packet time
  std::int64_t last_ns = 0;
  std::uint32_t packets = 0;
  std::uint64_t packet_bytes = 0;  // captured bytes, without pcapng overhead
  BlockBytes data;                 // reserved once to its full size
};

// A fixed set of blocks. Not thread-safe: the rings of the engine carry blocks between threads.
std::vector<std::unique_ptr<Block>> MakeBlocks(std::size_t count, std::size_t block_bytes);

class BlockBuilder {
 public:
  static constexpr std::uint64_t kNoBlock = UINT64_MAX;

  // `interface` describes the stream's only interface; it is copied into each block's header.
  BlockBuilder(std::uint32_t stream, const InterfaceInfo& interface, std::string application);

  // The block being filled has room for the packet? Otherwise call Close first.
  [[nodiscard]] bool HasBlock() const { return block_ != nullptr; }
  [[nodiscard]] bool Fits(const Packet& packet) const;
  // Begins a block in `storage` of MakeBlocks. What it held is forgotten.
  void Begin(std::unique_ptr<Block> storage);
  // Appends; returns the block's number. Requires HasBlock() and Fits().
  std::uint64_t Append(const Packet& packet);
  // The same where both may be untrue: kNoBlock then. One look at the packet's size serves both. No
  // optional, whose halves go through memory on their way back: it cost more than the copy.
  std::uint64_t TryAppend(const Packet& packet);
  // Hands out the block being filled; nothing when there is none or it holds no packet yet (it is
  // then kept for the next one).
  std::unique_ptr<Block> Close();
  [[nodiscard]] std::uint32_t packets_in_block() const { return block_ ? block_->packets : 0; }

 private:
  [[nodiscard]] std::size_t room() const { return static_cast<std::size_t>(end_ - at_); }

  std::vector<std::uint8_t> header_;  // SHB + IDB, made once
  std::uint32_t stream_;
  std::uint64_t next_number_ = 0;
  std::unique_ptr<Block> block_;  // its data is as large as can be until it is closed
  std::uint8_t* at_ = nullptr;    // behind the last packet
  std::uint8_t* end_ = nullptr;
};

}  // namespace tapiary::capture
