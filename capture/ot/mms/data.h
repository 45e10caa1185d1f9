// MMS variables in text: names of objects and values of Data.
//
// Walks nested elements with an explicit stack of limited depth and a limited number of elements
// (OT-11). Source: ISO 9506-2. Pure; any thread.
#pragma once

#include <string>

#include "capture/ot/ber.h"
#include "capture/records.h"

namespace tapiary::capture::mms {

inline constexpr std::size_t kMaxDepth = 12;
inline constexpr std::size_t kMaxElements = 512;
inline constexpr std::size_t kMaxValues = 64;

// Every object name in `bytes`: "domain/item" of two visible strings side by side, others as they
// are; ", " between, as much as a detail holds.
struct Names {
  std::string text;
  std::string first;
  std::size_t count = 0;
  bool limit = false;  // deeper or longer than the limits
};
Names CollectNames(base::Bytes bytes);

// Data values as text, "{true, 5}"; whole numbers and booleans go to `out.values` too.
// Sets `failure` to the first access error (0x80), when `results`.
struct Values {
  std::string text;
  std::optional<std::int64_t> failure;
  std::size_t count = 0;   // of the outermost level
  std::string first_text;  // the first visible string: a report's id
  bool limit = false;
};
Values CollectValues(base::Bytes bytes, bool results, Transaction& out);

}  // namespace tapiary::capture::mms
