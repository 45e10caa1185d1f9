// FollowWindow: which rows of a live tail are new.
//
// Rows become visible when their transaction ends, which may be a little later than the time that
// they carry, and rows of one transaction carry the same time. So each question goes back a few
// seconds behind the newest row, and what was shown already is left out. Memory is bounded by those
// seconds. One thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tapiary::cli {

class FollowWindow {
 public:
  struct Line {
    std::int64_t received_ns = 0;
    std::string text{};
  };
  // From when to ask, as the API takes it; empty as long as nothing has come.
  [[nodiscard]] std::string From() const;
  // The new ones of `lines`, oldest first.
  std::vector<Line> Take(std::vector<Line> lines);

 private:
  std::int64_t newest_ns_ = INT64_MIN;
  std::set<std::pair<std::int64_t, std::size_t>> shown_;  // time, hash of the line
};

}  // namespace tapiary::cli
