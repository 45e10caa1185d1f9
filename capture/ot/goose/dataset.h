// The values of a GOOSE message's allData, flattened: structures and arrays give their members.
//
// IEC 61850-8-1 uses the MMS Data type (ISO 9506-2). At most kMaxLeaves values to a depth of
// kMaxDepth. Pure; any thread; allocates, so only for messages that become a transaction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/byte_cursor.h"

namespace tapiary::capture::goose {

struct Dataset {
  static constexpr std::size_t kMaxLeaves = 128;
  static constexpr unsigned kMaxDepth = 5;

  std::vector<std::string> texts;    // "true", "-3", "b:0100", "1.5", hex
  std::vector<std::int64_t> values;  // those that are whole numbers: booleans, integers, bits
  std::size_t top_level = 0;         // entries before flattening
  bool malformed = false;
  bool more = false;  // there were more than kMaxLeaves, or deeper ones
};

Dataset ReadDataset(base::Bytes all_data);
// "4: false > true, 7: b:01 > b:10", counted from 0; "" when nothing changed.
std::string Changes(const Dataset& before, const Dataset& now);
std::string ToText(const Dataset& dataset);

}  // namespace tapiary::capture::goose
