// What a load cost this process: time, CPU, and bytes that the kernel took for the disk.
#pragma once

#include <cstdint>

namespace tapiary::bench {

struct LoadFigures {
  double seconds = 0;
  double cpu = 0;             // user and system
  std::uint64_t written = 0;  // write_bytes of /proc/self/io
};

// Counts from its birth.
class LoadMeter {
 public:
  LoadMeter();
  [[nodiscard]] LoadFigures Read() const;

 private:
  LoadFigures start_;
};

// One line of JSON. `bytes` is what was to be stored, `right` whether it can be read back.
void PrintLoad(std::uint64_t bytes, const LoadFigures& figures, bool right);

// Both peers sync what they wrote this often, as the sensor does.
inline constexpr double kSyncSeconds = 0.5;

}  // namespace tapiary::bench
