// SQLite's module `tapiary_parts`: a virtual table like `flows` over its parts by time of reception
// (sqlite_parts.h), so that one SQL text asks SQLite and PostgreSQL, which has such tables itself.
//
// A loop over the table is a statement for each part that its bounds on received_ns leave, with all
// comparisons that the query has, so that the parts' own indexes answer. Rows come part by part, or
// merged in the order of start_ns. INSERT, UPDATE and DELETE go to the parts; a row whose time of
// reception changes goes along into the part of the new one. RETURNING is not to be had.
// Source: www.sqlite.org/vtab.html.
#pragma once

struct sqlite3;

namespace tapiary::server {

class SqliteConnection;

// Registers the module for the connection that has the database open. False when SQLite refuses.
bool AddPartTables(sqlite3* database, SqliteConnection& connection);

}  // namespace tapiary::server
