// The keyed hash of the hot path: two words a step, multiplied and folded.
//
// A secret, or a state that depends on one, is xored into both factors: who does not know it can
// neither make a factor 0 nor foresee how a change of his spreads. Not for what must stay the same
// from one process to the next. Plain value; any thread.
#pragma once

#include <cstdint>

namespace tapiary::capture {

class Mix {
 public:
  // Two secrets out of one seed, unrelated enough that swapped words do not cancel out.
  explicit Mix(std::uint64_t seed)
      : hash_(seed ^ 0x9e3779b97f4a7c15ull),
        secret_(seed * 0xd6e8feb86659fd93ull + 0xa0761d6478bd642full) {}

  void Add(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a ^ hash_) * (b ^ secret_);
    hash_ = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_;
  std::uint64_t secret_;
};

}  // namespace tapiary::capture
