// FragmentTable: to which flow the later fragments of a datagram belong (FL-05).
//
// Only the first fragment has ports. It leaves a note here under (addresses, identification,
// protocol); later fragments find the flow by it. A later fragment that comes first opens a
// provisional flow of kind kFragment, which the first fragment then takes in (flow/tracker.cc); one
// whose first fragment never comes is exported after 30 s with null ports. Fixed size, four entries
// a set, the oldest makes room. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "capture/flow/flow_key.h"

namespace tapiary::capture {

inline constexpr std::int64_t kFragmentTimeoutNs = 30 * base::kNanosPerSecond;

struct FragmentEntry {
  FlowKey key;
  std::uint32_t flow = UINT32_MAX;
  std::uint64_t flow_number = 0;  // the flow may be gone and its index in new hands
  std::int64_t time_ns = 0;
  std::uint8_t side = 0;  // which end of the flow sends this datagram
  // Where TCP payload of a later fragment lies: sequence number of the datagram's byte 0.
  std::uint32_t base_seq = 0;
  bool used = false;
};

class FragmentTable {
 public:
  FragmentTable() : entries_(kSets * kWays) {}
  void Put(const FragmentEntry& entry, std::uint64_t hash);
  // Nothing when unknown or older than 30 s at `now_ns`.
  [[nodiscard]] const FragmentEntry* Find(const FlowKey& key, std::uint64_t hash,
                                          std::int64_t now_ns) const;

 private:
  static constexpr std::size_t kSets = 1024;
  static constexpr std::size_t kWays = 4;
  std::vector<FragmentEntry> entries_;
};

}  // namespace tapiary::capture
