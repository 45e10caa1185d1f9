// LiveCursor: up to where a live tail of packets has come, as a text that the client gives back.
//
// Items are numbered as they are ingested (items.id), and their numbers are never used again. On
// PostgreSQL transactions may commit out of that order, so a number above which everything is new
// is not enough: the cursor also names the numbers below it that were not there yet. Those that do
// not appear within some minutes were rolled back. The collector keeps nothing of a tail, so any
// collector goes on with it. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tapiary::server {

struct LiveCursor {
  // Numbers, both included; in order and apart.
  struct Range {
    std::int64_t first = 0;
    std::int64_t last = 0;
    bool operator==(const Range&) const = default;
  };
  static constexpr std::size_t kMaxRanges = 128;

  std::int64_t newest = 0;
  std::vector<Range> missing{};  // all below `newest`

  [[nodiscard]] bool Seen(std::int64_t id) const;
  // What has not been seen: `missing`, and everything above `newest`.
  [[nodiscard]] std::vector<Range> Unseen() const;
  // The cursor once `taken` (in order, all unseen) has been seen too, when everything unseen up to
  // `searched` was looked at. Missing numbers up to `settled` are given up. Of too many ranges the
  // oldest are.
  [[nodiscard]] LiveCursor After(const std::vector<std::int64_t>& taken, std::int64_t searched,
                                 std::int64_t settled) const;

  [[nodiscard]] std::string ToString() const;  // "900" or "900:870,880-890"
  static base::Result<LiveCursor> Parse(std::string_view text);
  bool operator==(const LiveCursor&) const = default;
};

}  // namespace tapiary::server
