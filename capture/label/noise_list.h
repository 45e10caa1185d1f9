// Lists of networks that are known and uninteresting: scanners that say who they are, own
// monitoring.
//
// One entry a line: NETWORK[,LABEL[,EXPIRES]]. Blank lines count for nothing, and neither does what
// follows '#' or ';', so the plain lists that scanner operators publish are lists as they are. The
// format in full: docs/noise.md. Reading stops at the first fault, which is told with file and
// line. Pure functions, but for the file that ReadNoiseList opens; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/records.h"

namespace tapiary::capture {

inline constexpr std::size_t kMaxNoiseEntries = 1'000'000;  // of all lists together
inline constexpr std::size_t kMaxNoiseLabel = 64;

struct NoiseEntry {
  IpAddress network;  // host bits are zero
  std::uint8_t prefix = 0;
  std::string label;                    // empty: the list's name
  std::int64_t expires_ns = INT64_MAX;  // matches packets before this time
};

// Whether the text may name noise: 1 to 64 printable ASCII characters, no comma or quotation mark.
bool IsNoiseLabel(std::string_view label);
// Errors say `name`:LINE. At most `max_entries` entries.
base::Result<std::vector<NoiseEntry>> ParseNoiseList(std::string_view text, std::string_view name,
                                                     std::size_t max_entries);
base::Result<std::vector<NoiseEntry>> ReadNoiseList(const std::string& path,
                                                    std::size_t max_entries);

}  // namespace tapiary::capture
