// Flows as honeypot sensors send them, made up and the same in every run: many scanners with one
// short flow each, some that stay, a few plants' own masters. Any thread, one owner.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "capture/records.h"

namespace tapiary::bench {

inline constexpr std::int64_t kFirstFlowNs = 1'790'000'000'000'000'000;  // September 2026
inline constexpr std::uint32_t kScanners = 200'000;                      // addresses
inline constexpr std::uint32_t kPots = 64;
inline constexpr std::uint64_t kFlowEpoch = 1'790'000'000'000;

class SensorFlows {
 public:
  // Those of one sensor; `interval_ns` lies between the ends of two of its flows.
  SensorFlows(std::uint64_t sensor, std::int64_t interval_ns)
      : random_(sensor + 1), interval_ns_(interval_ns) {}
  // Overwrites *out with the next flows, in the order in which they ended.
  void Next(std::size_t count, std::vector<capture::FlowRecord>* out);

 private:
  void Make(capture::FlowRecord& flow);
  std::uint32_t Below(std::uint32_t limit) {
    return static_cast<std::uint32_t>((random_() & 0xffffffff) * limit >> 32);
  }

  std::mt19937_64 random_;
  std::int64_t interval_ns_;
  std::uint64_t number_ = 0;
};

// The address of scanner `number`, and of one that had exactly `kRareFlows` flows of a million.
capture::IpAddress ScannerAddress(std::uint32_t number);
capture::IpAddress PotAddress(std::uint32_t number);

}  // namespace tapiary::bench
