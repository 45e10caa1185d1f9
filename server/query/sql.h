// Filter to SQL: a WHERE condition with bound parameters, for SQLite.
//
// No text of the filter ever becomes part of the SQL (CO-09): expressions come from the field
// table, values are parameters. The condition is two-valued, never NULL, so that ! means what it
// says. The outer query names its tables by these aliases:
//   flows:         FROM flows f CROSS JOIN sensors s WHERE s.id = f.sensor_id
//   transactions:  FROM transactions t CROSS JOIN sensors s WHERE s.id = t.sensor_id
//   events:        FROM events e CROSS JOIN sensors s WHERE s.id = e.sensor_id
// (CROSS JOIN makes SQLite keep that order, so that the time index gives the rows already sorted.)
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/catalog/catalog.h"
#include "server/query/filter.h"

namespace tapiary::server {

struct SqlCondition {
  std::string text;  // with one ? per parameter
  std::vector<SqlValue> params;
};

SqlCondition ToSql(const Filter& filter, FilterTable table);

// What `rows` of a field begins with that is the flow of a transaction.
inline constexpr std::string_view kOneFlow = "SELECT 1 FROM flows f WHERE ";

// True when rows of the table can be grouped by the field's value: a row has one, or two ends.
bool CanGroupBy(const FilterField& field, FilterTable table);

}  // namespace tapiary::server
