// The catalog's common SQL as PostgreSQL wants it. Pure; any thread.
//
// What the two databases do not share and can be given to PostgreSQL as functions (json_extract,
// json_each, json_set, json, instr, tapiary_matches) is made in its schema; see postgres_sql.cc.
#pragma once

#include <string>
#include <string_view>

namespace tapiary::server {

// Each ? outside of quotes becomes $1, $2, ...
std::string NumberParameters(std::string_view sql);
// A schema step written for SQLite, with PostgreSQL's names of the types: INTEGER PRIMARY KEY is an
// identity, INTEGER is BIGINT, BLOB is BYTEA. Lines that begin with "--postgres " are for
// PostgreSQL alone.
std::string PostgresStep(std::string_view sqlite_step);
// Functions that PostgreSQL lacks, as one script that may be run again.
const char* PostgresFunctions();

}  // namespace tapiary::server
