// Tables in parts by time of reception (parted_table.h) on SQLite, which has none of its own: a
// part is a table like flows_20261213, and `flows` a virtual one over them (part_table.h). So a day
// goes at once, and its room is there a moment later, where deleting millions of rows one by one
// takes minutes.
//
// `time_parts` lists the parts, `part_numbers` what is in them (time_parts.h). A part is made when
// the first row of its time comes; its number is the upper bits of the ids of its rows. One thread
// at a time; what changes anything is for within a transaction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/catalog/parted_table.h"
#include "server/catalog/sqlite.h"

namespace tapiary::server {

inline constexpr const char* kDroppedParts = "dropped";  // the table of parts that are

struct SqlitePart {
  std::int64_t number = 0;
  std::string name;
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;  // not included
};

// In the order of their times.
base::Result<std::vector<SqlitePart>> ReadSqliteParts(SqliteConnection& connection,
                                                      const std::string& table);
// Where a row of that time goes; makes it when there is none. Nothing is kept from call to call:
// whoever dropped a part, or took one back, nobody writes to it. One of the newest is found at
// once.
base::Result<SqlitePart> PartFor(SqliteConnection& connection, const std::string& table,
                                 std::int64_t received_ns);
// The one that a row is in. kNotFound when it is gone.
base::Result<SqlitePart> PartOf(SqliteConnection& connection, const std::string& table,
                                std::int64_t id);
// Must be told of each number before its row goes into the part.
base::Result<> NoteNumbers(SqliteConnection& connection, const std::string& part,
                           std::int64_t sensor_id, std::int64_t epoch, std::int64_t lowest,
                           std::int64_t highest);
// See SqlWriter::InsertNew, of rows of one time of reception.
base::Result<> InsertIntoParts(SqliteConnection& connection, const NewRows& rows,
                               std::vector<std::size_t>* existing);
// See SqlWriter::DeleteSome.
base::Result<> DeleteFromParts(SqliteConnection& connection, const OldRows& rows,
                               const RowVisitor& visit);
// See SqlWriter::DropPart. Its room is given back by FreeSome, in steps of their own, since each
// reads all pages of an index or of the table.
base::Result<> DropSqlitePart(SqliteConnection& connection, const TimePart& part);
// True as long as there is more to do for the part.
base::Result<bool> FreeSome(SqliteConnection& connection, const std::string& part);

// For a plain table: what inserts a row unless its key is there, and what deletes the first `limit`
// rows (the last parameter).
std::string InsertText(std::string_view table, const NewRows& rows);
std::string DeleteText(std::string_view table, const OldRows& rows);

}  // namespace tapiary::server
