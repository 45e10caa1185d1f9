// PartPlan: what SQLite asks of a table in parts in one loop of a query, as SQL for each of its
// parts. SQLite carries it as text from xBestIndex to xFilter (www.sqlite.org/vtab.html). Pure; any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3_index_info;

namespace tapiary::server {

struct PartedColumn {
  std::string name;
  std::string sql;         // what a part has for it
  std::string definition;  // as the table declares it
};

// A table in parts. Its last two columns are `id`, which has the part's number in its upper bits,
// and the hidden `is_long`.
struct PartedTable {
  std::string name;
  std::vector<PartedColumn> columns;
  int received = 0;  // columns by their place: the time that parts go by,
  int start = 0;     // the other time with an index, of rows by is_long,
  int id = 0;
  int is_long = 0;
  std::array<std::string, 2> is_long_sql{};  // of its 0 and 1, in the words of the parts' indexes
  int keys = 0;                              // and the first ones, which are unique together
};

enum class PartOrder : char {
  kNone = 'n',
  kReceivedUp = 'r',
  kReceivedDown = 'R',
  kStartUp = 's',
  kStartDown = 'S'
};

struct PartPlan {
  PartOrder order = PartOrder::kNone;
  // For each value that a loop brings: '=', '<' or '>' when it bounds the time of reception, '.'
  // when it is one of another kind, '-' when no part needs it.
  std::string values;
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
