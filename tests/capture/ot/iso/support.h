// What the tests of all users of ISO transport need: TPKT and COTP around a message, details.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "capture/records.h"
#include "tests/capture/ot/support/recorder.h"

namespace tapiary::capture::test {

// Hex digits of a TPKT with a DT; spaces in `hex` are dropped.
inline std::string Dt(std::string hex, bool end = true) {
  hex.erase(std::remove(hex.begin(), hex.end(), ' '), hex.end());
  return fmt::format("0300{:04x}02f0{}{}", 7 + hex.size() / 2, end ? "80" : "00", hex);
}

inline bool HasAnomaly(const Transaction& transaction, std::string_view name) {
  const auto& all = transaction.anomalies;
  return std::find(all.begin(), all.end(), name) != all.end();
}

}  // namespace tapiary::capture::test
