// What a top-N asks for, and its SQL: groups by one or two fields of the field table, with sums.
//
// Fields, measures and order are chosen from tables of ours; no text of the request becomes SQL
// (CO-09). Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/api/items.h"
#include "server/api/list_query.h"

namespace tapiary::server {

inline constexpr std::int64_t kDefaultTop = 10;
inline constexpr std::int64_t kMaxTop = 1000;

struct TopQuery {
  ListKind kind = ListKind::kFlows;
  Filter filter{};
  TimeWindow window{};
  std::vector<const FilterField*> fields{};  // one or two
  const FilterField* distinct = nullptr;     // its values are counted in each group; or none
  std::size_t by = 0;                        // which measure orders, by its place in TopMeasures
  bool by_distinct = false;
  std::size_t limit = static_cast<std::size_t>(kDefaultTop);
};

// "flows", "packets", "bytes", "commands": what is summed; the first counts rows.
std::span<const std::string_view> TopMeasures(ListKind kind);

// `problem` is set exactly when the result is an error.
base::Result<TopQuery> ParseTopQuery(ListKind kind, const Request& request, std::int64_t now_ns,
                                     Response* problem);

// A part of the window by the column that orders the table: [from, to].
struct TopSlice {
  std::int64_t from_ns = INT64_MIN;
  std::int64_t to_ns = INT64_MAX;
};
// Rows: the columns of TopColumns for each field and `distinct`, then one sum a measure. Of what
// meets `part` (WindowParts).
SqlCondition TopToSql(const TopQuery& query, const TopSlice& slice, const SqlCondition& part);
// How many columns the field takes: two when either end's value counts, such as ip.addr.
std::size_t TopColumns(const FilterField& field, FilterTable table);

}  // namespace tapiary::server
