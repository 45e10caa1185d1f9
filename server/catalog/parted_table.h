// The tables that are in parts by time of reception on SQLite (sqlite_parts.h): what each part has
// and how one is made. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tapiary::server {

// A row's id has the part's number above the row's own one.
inline constexpr int kPartIdBits = 40;
// Runs of rows that came one after the other go by the upper bits of their ids (event_lookup.h).
inline constexpr int kRunBits = 12;

// What a column has of the row's id.
enum class OfId : std::uint8_t { kNothing, kAll, kRun };
// How many of the id's lower bits it leaves out.
constexpr int BitsLeftOut(OfId of_id) {
  return of_id == OfId::kRun ? kRunBits : 0;
}

struct PartedColumn {
  std::string name;
  std::string sql;         // what a part has for it
  std::string definition;  // as the table declares it
  // Of one that is 0 or 1 and has indexes for either: their conditions, in their own words.
  std::array<std::string, 2> conditions{};
  OfId of_id = OfId::kNothing;
};

// Those that are stored, the columns of its unique key first, then `id`, then hidden ones.
struct PartedTable {
  std::string name;
  std::vector<PartedColumn> columns;
  int keys = 0;
  bool over_parts = false;  // the key is unique over all parts; else in each of them
  std::string indexes{};    // what makes those of a part, {0}
  int received = 0;         // columns by their place: the time that parts go by,
  int start = 0;            // the other time that has indexes,
  int id = 0;
  int halves = -1;  // and the one whose two values have an index by that time each

  [[nodiscard]] const PartedColumn& at(int column) const {
    return columns[static_cast<std::size_t>(column)];
  }
};

// nullptr: not in parts.
const PartedTable* FindPartedTable(std::string_view name);
// Makes a part of that name, without rows.
std::string PartText(const PartedTable& table, std::string_view part);

}  // namespace tapiary::server
