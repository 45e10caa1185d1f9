// Tables in parts by time of reception (PostgreSQL: range partitions), so that retention drops a
// day in milliseconds where deleting its rows takes minutes and leaves holes.
//
// Nobody else adds rows of a sensor while its numbers are looked for in other parts (time_parts.h):
// whoever stores an item holds its sensor's row until the commit (server/ingest/item.cc).
// Rows of a time that no part has go to TABLE_default. One thread at a time.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/catalog/postgres.h"
#include "server/catalog/time_parts.h"

namespace tapiary::server {

// Makes the parts of the coming days, in a transaction of its own.
base::Result<> MakeParts(PostgresConnection& connection, std::int64_t now_ns);
base::Result<std::vector<TimePart>> ReadParts(PostgresConnection& connection);
// See SqlWriter::DropPart.
base::Result<> DropPart(PostgresConnection& connection, const TimePart& part);

// The part where rows of that time go.
base::Result<std::string> PartAt(PostgresConnection& connection, std::string_view table,
                                 std::int64_t received_ns);
// The same for rows of one time whose key is unique over all parts: the numbers of those that are
// in other parts are added to *elsewhere, rising. Notes the rows in part_numbers.
base::Result<std::string> FindElsewhere(PostgresConnection& connection, const NewRows& rows,
                                        std::vector<std::size_t>* elsewhere);

}  // namespace tapiary::server
