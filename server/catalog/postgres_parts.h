// Tables in parts by time of reception (PostgreSQL: range partitions), so that retention drops a
// day in milliseconds where deleting its rows takes minutes and leaves holes.
//
// A flow is unique over all time, but a unique index reaches no further than its part. So
// `part_numbers` has for each part, sensor and epoch the smallest and the largest number in it:
// before rows go into one part, those of their numbers that another part may have are looked for
// there. Numbers grow, so that is nearly none. Nobody else adds rows of that sensor meanwhile:
// whoever stores an item holds its sensor's row until the commit (server/ingest/item.cc).
// Rows of a time that no part has go to TABLE_default. One thread at a time.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/catalog/postgres.h"

namespace tapiary::server {

inline constexpr std::int64_t kDayNs = 86'400'000'000'000;

// Days of a new part: a day while there are few parts; a week, a month when there are many, since
// every question about all of the time looks into each of them.
std::int64_t DaysOfPart(std::size_t parts);

// Makes the parts of the coming days, in a transaction of its own.
base::Result<> MakeParts(PostgresConnection& connection, std::int64_t now_ns);
base::Result<std::vector<TimePart>> ReadParts(PostgresConnection& connection);
// See SqlWriter::DropPart.
base::Result<> DropPart(PostgresConnection& connection, const TimePart& part);

// Where rows of one time of reception go: the name of the part is returned, the numbers of those
// rows that are in other parts are added to *elsewhere, rising. Notes the rows in part_numbers.
base::Result<std::string> FindElsewhere(PostgresConnection& connection, const NewRows& rows,
                                        std::vector<std::size_t>* elsewhere);

}  // namespace tapiary::server
