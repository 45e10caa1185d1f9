#include "capture/flow/block_list.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace tapiary::capture {
namespace {

constexpr std::size_t kMaxRuns = 4096;
constexpr std::size_t kMaxWindows = 4096;
constexpr std::uint64_t kWindow = 64;  // blocks

// Merges a run into the list, the last run first.
void AddRun(std::vector<BlockRun>& runs, BlockRun run) {
  if (!runs.empty()) {
    BlockRun& last = runs.back();
    const std::uint64_t end = std::max(last.first + last.count, run.first + run.count);
    const bool touches = run.first >= last.first && run.first <= last.first + last.count;
    const bool widen = runs.size() >= kMaxRuns && run.first >= last.first;
    if ((touches || widen) && end - last.first <= UINT32_MAX) {
      last.count = static_cast<std::uint32_t>(end - last.first);
      return;
    }
  }
  runs.push_back(run);
}

// From the last block on. A run has 32 bits for its length.
void AddRunTo(std::vector<BlockRun>& runs, std::uint64_t end) {
  std::uint64_t first = runs.back().first + runs.back().count;
  while (first < end) {
    const std::uint64_t count = std::min<std::uint64_t>(end - first, UINT32_MAX);
    AddRun(runs, {first, static_cast<std::uint32_t>(count)});
    first += count;
  }
}

void AddRuns(std::vector<BlockRun>& runs, const BlockWindow& window) {
  std::uint64_t first = window.first;
  for (std::uint64_t bits = window.bits; bits != 0;) {
    const int skip = std::countr_zero(bits);
    bits >>= skip;
    const int count = std::countr_one(bits);
    first += static_cast<std::uint64_t>(skip);
    AddRun(runs, {first, static_cast<std::uint32_t>(count)});
    first += static_cast<std::uint64_t>(count);
    bits = count == 64 ? 0 : bits >> count;
  }
}

}  // namespace

void BlockList::Add(BlockWindow next) {
  if (older_.size() >= kMaxWindows) return Widen(next);
  if (count_ != 0 && Join(next)) return;
  if (count_ == kRecent) MoveToOlder(kRecent - 1);  // the last one stays, to be joined
  recent_[count_++] = next;
  if (older_.size() + count_ >= kMaxWindows) MoveToOlder(count_);
}

void BlockList::Add(BlockRun run) {
  std::uint64_t first = run.first;
  const std::uint64_t end = run.first + run.count;
  for (std::size_t i = 0; i < kMaxWindows && first < end; ++i, first += kWindow) {
    const std::uint64_t blocks = std::min(kWindow, end - first);
    Add(BlockWindow{first, UINT64_MAX >> (kWindow - blocks)});
  }
  if (first < end) FillTo(end);
}

// Names all blocks from the last one to `end`.
void BlockList::FillTo(std::uint64_t end) {
  MoveToOlder(count_);
  if (older_.back().bits == 0) {
    older_.back().first = std::max(older_.back().first, end);
  } else {
    older_.push_back({end, 0});
  }
}

// Puts what fits into the last window. True when nothing is left of `next`.
bool BlockList::Join(BlockWindow& next) {
  BlockWindow& last = recent_[count_ - 1];
  const std::uint64_t ahead = next.first - last.first;
  if (ahead >= kWindow) return false;
  last.bits |= next.bits << ahead;
  next = {last.first + kWindow, ahead == 0 ? 0 : next.bits >> (kWindow - ahead)};
  return next.bits == 0;
}

void BlockList::MoveToOlder(std::size_t count) {
  const auto begin = recent_.begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(count);
  older_.insert(older_.end(), begin, end);
  std::move(end, begin + static_cast<std::ptrdiff_t>(count_), begin);
  count_ -= count;
}

// The list is full: its last entry stands for all that comes, or the whole list does for what comes
// from before.
void BlockList::Widen(const BlockWindow& next) {
  std::uint64_t end = next.first + static_cast<std::uint64_t>(std::bit_width(next.bits));
  const std::size_t own = older_.size() - (older_.back().bits == 0 ? 1 : 0);
  if (next.first < older_[own - 1].first) {
    std::uint64_t first = next.first;
    for (const BlockWindow& window : older_) {
      first = std::min(first, window.first);
      end = std::max(end, window.first + (window.bits == 0 ? 0 : kWindow));
    }
    older_ = {{first, 1}};
  }
  FillTo(end);
}

std::vector<BlockRun> BlockList::Take() {
  MoveToOlder(count_);
  std::vector<BlockRun> runs;
  for (const BlockWindow& window : older_) {
    if (window.bits != 0) {
      AddRuns(runs, window);
    } else {
      AddRunTo(runs, window.first);
    }
  }
  older_.clear();
  return runs;
}

}  // namespace tapiary::capture
