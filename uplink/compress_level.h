// CompressLevel: how hard the spool writer compresses, by how far it is behind.
//
// Each drain of the rings tells how many blocks were waiting. Many waiting: one step down at once,
// to none. Few for a while: one step up. One thread. See design.md section 4 ("Level adapts").
#pragma once

#include <array>
#include <cstddef>

namespace tapiary::uplink {

class CompressLevel {
 public:
  static constexpr std::size_t kBehind = 8;  // blocks waiting: 4 MiB
  static constexpr std::size_t kAtEase = 2;
  static constexpr unsigned kCalmDrains = 50;  // about a second before it tries harder

  [[nodiscard]] int level() const { return kLevels[step_]; }

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

 private:
  static constexpr std::array<int, 4> kLevels = {0, 1, 3, 6};  // zstd; 0 stores
  std::size_t step_ = 2;
  unsigned calm_ = 0;
};

}  // namespace tapiary::uplink
