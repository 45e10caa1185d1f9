// BlockList: the blocks that hold packets of a flow, for flows of more than a few.
//
// A flow of many small packets among many others is in every second block, so the list is made of
// windows: 64 blocks in a row, a bit each. The latest windows lie in the list itself; adding one
// then touches no other memory. Bounded: of more than 4096 windows, or 4096 runs, the last ones
// become one. The list may name a block too many then, never one too few. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "capture/records.h"

namespace tapiary::capture {

// Without bits: all blocks from the end of the window before to `first`.
struct BlockWindow {
  std::uint64_t first = 0;
  std::uint64_t bits = 0;
};

class BlockList {
 public:
  // `next` has bits.
  void Add(BlockWindow next);
  void Add(BlockRun run);
  // All blocks, which are forgotten then.
  [[nodiscard]] std::vector<BlockRun> Take();
  [[nodiscard]] bool empty() const { return count_ == 0 && older_.empty(); }

 private:
  static constexpr std::size_t kRecent = 5;

  bool Join(BlockWindow& next);
  void MoveToOlder(std::size_t count);
  void FillTo(std::uint64_t end);
  void Widen(const BlockWindow& next);

  std::array<BlockWindow, kRecent> recent_{};
  std::size_t count_ = 0;  // of recent_
  std::vector<BlockWindow> older_;
};

}  // namespace tapiary::capture
