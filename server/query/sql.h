// Filter to SQL: a WHERE condition with bound parameters, for SQLite.
//
// No text of the filter ever becomes part of the SQL (CO-09): expressions come from the field
// table, values are parameters. The condition is two-valued, never NULL, so that ! means what it
// says. The outer query names its tables by these aliases:
//   flows:         FROM flows f JOIN sensors s ON s.id = f.sensor_id
//   transactions:  FROM transactions t JOIN sensors s ON s.id = t.sensor_id
//   events:        FROM events e JOIN sensors s ON s.id = e.sensor_id
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "server/query/filter.h"

namespace tapiary::server {

using SqlBlob = std::vector<std::uint8_t>;
using SqlParam = std::variant<std::int64_t, std::string, SqlBlob>;

struct SqlCondition {
  std::string text;  // with one ? per parameter
  std::vector<SqlParam> params;
};

SqlCondition ToSql(const Filter& filter, FilterTable table);

}  // namespace tapiary::server
