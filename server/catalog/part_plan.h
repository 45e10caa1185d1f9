// PartPlan: what SQLite asks of a table in parts in one loop of a query, as SQL for each of its
// parts. SQLite carries it as text from xBestIndex to xFilter (www.sqlite.org/vtab.html). Pure; any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/catalog/parted_table.h"

struct sqlite3_index_info;

namespace tapiary::server {

enum class PartOrder : char {
  kNone = 'n',
  kReceivedUp = 'r',
  kReceivedDown = 'R',
  kStartUp = 's',
  kStartDown = 'S',
  kIdUp = 'i',
  kIdDown = 'I'
};

// What a value that a loop brings is for.
enum class PartValue : char {
  kPlain = '.',         // a comparison within the parts
  kUnused = '-',        // the statements have it as text
  kReceived = '=',      // the time of reception, or
  kReceivedHigh = '<',  // its bound from above,
  kReceivedLow = '>',   // or from below
  kSensor = 's',        // the first three columns of the key,
  kEpoch = 'e',         // by which part_numbers says what parts may have it
  kNumber = 'n',
  kId = 'i',  // of the id, or what is made of it; the part's rows have their own
  kIdHigh = 'h',
  kIdLow = 'l',
  kRun = 'r'
};

struct PartPlan {
  PartOrder order = PartOrder::kNone;
  std::vector<PartValue> values;
  std::uint64_t columns = 0;  // that are read; the last bit is for all from 63 on
  std::string select;         // before the part's name, and
  std::string where;          // behind it

  [[nodiscard]] std::string ToText() const;
  static std::optional<PartPlan> FromText(std::string_view text);
};

// Sets all that xBestIndex has to set but the text.
PartPlan MakePartPlan(const PartedTable& table, sqlite3_index_info* info);
// The columns that the plan's statements give, by the place of each in the table; -1: not read.
// First come the row's own id and, where rows are merged, what they are ordered by.
std::vector<int> PlacesOf(const PartedTable& table, const PartPlan& plan);

}  // namespace tapiary::server
