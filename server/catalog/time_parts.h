// What tables in parts by time of reception have in common on SQLite (sqlite_parts.h) and
// PostgreSQL (postgres_parts.h). Pure; any thread.
//
// The table `part_numbers` has for each part, sensor and epoch the smallest and the largest number
// of a flow that its rows have. A flow is unique over all time, but a unique index reaches no
// further than its part: before flows go into one part, those of their numbers that another part
// may have are looked for there. Numbers grow, so that is nearly none.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/catalog/catalog.h"

namespace tapiary::server {

// Days of a new part: a day while there are few parts; a week, a month when there are many, since
// every question about all of the time looks into each of them.
std::int64_t DaysOfPart(std::size_t parts);
// "flows_20261213"
std::string PartName(std::string_view table, std::int64_t from_ns);

struct NumberRange {
  std::int64_t lowest = INT64_MIN;
  std::int64_t highest = INT64_MAX;
};
// Of the third column of the key, for each value of the first two.
std::map<std::array<std::int64_t, 2>, NumberRange> NumbersOf(const NewRows& rows);

// The rows of each key prefix (all but its last column), by the last column.
using KeyGroups = std::map<std::vector<std::int64_t>, std::map<std::int64_t, std::size_t>>;
KeyGroups GroupByKey(const NewRows& rows);

}  // namespace tapiary::server
