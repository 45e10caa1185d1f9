// LossGaps: turns growing loss counters into gap records that say when packets were lost.
//
// Fed with the ledger's totals a few times a second. A gap begins with the first loss, and is
// finished when nothing was lost for a second, or after ten seconds, so that a long loss is told
// while it lasts. One thread, never per packet.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "capture/records.h"

namespace tapiary::capture {

class LossGaps {
 public:
  // `lost` are totals by reason since the beginning. Finished gaps are appended to `out`; all open
  // ones when `last` is set.
  void Update(const std::vector<std::pair<std::string, std::uint64_t>>& lost,
              const std::string& interface, std::int64_t now_ns, bool last,
              std::vector<GapRecord>& out);

 private:
  struct Open {
    std::uint64_t total = 0;  // at the last update
    std::uint64_t items = 0;  // of the open gap; 0: none is open
    std::int64_t from_ns = 0;
    std::int64_t to_ns = 0;
  };
  std::map<std::string, Open> by_reason_;
  std::int64_t updated_ns_ = 0;
};

}  // namespace tapiary::capture
