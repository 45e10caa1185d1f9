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
#include <optional>
#include <vector>

#include "capture/packet.h"
#include "capture/source/packet_source.h"

namespace tapiary::capture {

inline constexpr std::size_t kDefaultBlockBytes = 512 * 1024;
inline constexpr std::size_t kMaxPacketBytes = 256 * 1024;  // longer captures are cut and counted

// One block in memory. Owned by its pool or by whoever holds it between the rings.
struct Block {
  std::uint32_t stream = 0;
  std::uint64_t number = 0;   // counts from 0 per stream and epoch
  std::int64_t first_ns = 0;  // smallest and largest packet time
  std::int64_t last_ns = 0;
  std::uint32_t packets = 0;
  std::uint64_t packet_bytes = 0;  // captured bytes, without pcapng overhead
  std::vector<std::uint8_t> data;  // reserved once to its full size
};

// A fixed set of blocks. Not thread-safe: the rings of the engine carry blocks between threads.
std::vector<std::unique_ptr<Block>> MakeBlocks(std::size_t count, std::size_t block_bytes);

class BlockBuilder {
 public:
  // `interface` describes the stream's only interface; it is copied into each block's header.
  BlockBuilder(std::uint32_t stream, const InterfaceInfo& interface, std::string application);

  // The block being filled has room for the packet? Otherwise call Close first.
  [[nodiscard]] bool HasBlock() const { return block_ != nullptr; }
  [[nodiscard]] bool Fits(const Packet& packet) const;
  // Begins a block in `storage`, which must be able to hold at least one largest packet.
  void Begin(std::unique_ptr<Block> storage);
  // Appends; returns the block's number. Requires HasBlock() and Fits().
  std::uint64_t Append(const Packet& packet);
  // Hands out the block being filled (nothing when none, or when it has no packet and force is
  // off).
  std::unique_ptr<Block> Close();
  [[nodiscard]] std::uint32_t packets_in_block() const { return block_ ? block_->packets : 0; }

 private:
  std::vector<std::uint8_t> header_;  // SHB + IDB, made once
  std::uint32_t stream_;
  std::uint64_t next_number_ = 0;
  std::unique_ptr<Block> block_;
};

}  // namespace tapiary::capture
