// CompressLevel: how hard the spool writer compresses: by how far it is behind, and by whether the
// packets compress at all.
//
// Each drain of the rings tells how many blocks were waiting. Many waiting: one step down at once,
// to none. Few for a while: one step up. Blocks that hardly shrink (ciphertext, media) are stored;
// now and then one is tried. One thread. See design.md section 4 ("Level adapts").
//
// The steps are few and cheap: of 60-byte packets zstd makes 1/4.9 at level -3, 1/5.7 at -1, 1/6.5
// at 1 and 1/7.8 at 6, for 80, 90, 110 and 800 ns a packet, beside 300 ns that recording one costs
// tcpdump (bench/README.md, BM_Compress).
#pragma once

#include <array>
#include <cstddef>

namespace tapiary::uplink {

class CompressLevel {
 public:
  static constexpr std::size_t kBehind = 8;  // blocks waiting: 4 MiB
  static constexpr std::size_t kAtEase = 2;
  static constexpr unsigned kCalmDrains = 50;  // about a second before it tries harder
  static constexpr unsigned kProbeEvery = 16;  // blocks, while they do not compress

  // For the next block; zstd's, 0 stores.
  [[nodiscard]] int level() const {
    if (stored_since_probe_ < kProbeEvery) return 0;
    return kLevels[step_];
  }

  void Note(std::size_t waiting) {
    if (waiting >= kBehind) {
      calm_ = 0;
      if (step_ > 0) --step_;
    } else if (waiting > kAtEase) {
      calm_ = 0;
    } else if (++calm_ >= kCalmDrains) {
      calm_ = 0;
      if (step_ + 1 < kLevels.size()) ++step_;
    }
  }

  // What became of a block for which level() was asked.
  void NoteBlock(std::size_t raw_bytes, std::size_t stored_bytes) {
    if (stored_since_probe_ < kProbeEvery) {
      ++stored_since_probe_;
    } else if (kLevels[step_] != 0 && stored_bytes > raw_bytes - raw_bytes / 8) {
      stored_since_probe_ = 0;
    }
  }

 private:
  static constexpr std::array<int, 4> kLevels = {0, -3, -1, 1};
  std::size_t step_ = 2;
  unsigned calm_ = 0;
  unsigned stored_since_probe_ = kProbeEvery;
};

}  // namespace tapiary::uplink
