#include "server/catalog/sqlite_parts.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/clock.h"
#include "server/catalog/time_parts.h"

namespace tapiary::server {
namespace {

SqlitePart ToPart(const SqlRow& row) {
  return {row.Int(0), std::string(row.Text(1)), row.Int(2), row.Int(3)};
}

// Of the parts that the condition leaves, the newest, which is where most go.
base::Result<std::optional<SqlitePart>> FindPart(SqliteConnection& connection,
                                                 std::string_view condition,
                                                 std::span<const SqlValue> values) {
  std::optional<SqlitePart> found;
  TAPIARY_TRY(connection.Run(fmt::format("SELECT number, name, from_ns, to_ns FROM time_parts "
                                         "WHERE {} ORDER BY number DESC LIMIT 1",
                                         condition),
                             values, [&found](const SqlRow& row) {
                               found = ToPart(row);
                               return false;
                             }));
  return found;
}

base::Result<> MakePart(SqliteConnection& connection, const PartedTable& table,
                        const SqlitePart& part) {
  return connection.Script(
      PartText(table, part.name) +
      fmt::format("INSERT INTO time_parts (number, name, of_table, from_ns, to_ns) VALUES "
                  "({}, '{}', '{}', {}, {});",
                  part.number, part.name, table.name, part.from_ns, part.to_ns));
}

// A number and a name that no part has, nor one that was dropped and still takes up room.
base::Result<> MakeUnique(SqliteConnection& connection, SqlitePart* part) {
  bool taken = false;
  const std::vector<SqlValue> name{part->name};
  TAPIARY_TRY(
      connection.Run("SELECT COALESCE(MAX(number), 0), COALESCE(MAX(name = ?), 0) FROM time_parts",
                     name, [&](const SqlRow& row) {
                       part->number = row.Int(0) + 1;
                       taken = row.Int(1) != 0;
                       return true;
                     }));
  if (taken) part->name += fmt::format("_{}", part->number);
  return {};
}

// The whole days of the time, as far as no other part has them.
SqlitePart NewPart(const std::string& table, std::span<const SqlitePart> there,
                   std::int64_t received_ns) {
  std::int64_t from =
      received_ns - (received_ns % base::kNanosPerDay + base::kNanosPerDay) % base::kNanosPerDay;
  const std::int64_t days = DaysOfPart(there.size());
  std::int64_t to =
      from > INT64_MAX - days * base::kNanosPerDay ? INT64_MAX : from + days * base::kNanosPerDay;
  for (const SqlitePart& part : there) {
    if (part.to_ns <= received_ns) from = std::max(from, part.to_ns);
    if (part.from_ns > received_ns) to = std::min(to, part.from_ns);
  }
  return {0, PartName(table, from), from, to};
}

struct Candidate {
  std::string part;
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
};

// Other parts of the table that may have some of the group's numbers.
base::Result<std::vector<Candidate>> Candidates(SqliteConnection& connection,
                                                std::string_view table,
                                                const KeyGroups::value_type& group,
                                                const std::string& here) {
  const auto& [prefix, members] = group;
  std::vector<Candidate> found;
  const std::vector<SqlValue> values{
      prefix[0], prefix[1],         members.rbegin()->first, members.begin()->first,
      here,      std::string(table)};
  TAPIARY_TRY(connection.Run(
      "SELECT n.part, n.lowest, n.highest FROM part_numbers n CROSS JOIN time_parts p WHERE "
      "n.sensor_id = ? AND n.epoch = ? AND n.lowest <= ? AND n.highest >= ? AND n.part <> ? AND "
      "p.name = n.part AND p.of_table = ?",
      values, [&found](const SqlRow& row) {
        found.push_back({std::string(row.Text(0)), row.Int(1), row.Int(2)});
        return true;
      }));
  return found;
}

base::Result<> FindIn(SqliteConnection& connection, const Candidate& candidate,
                      const KeyGroups::value_type& group, std::set<std::size_t>* found) {
  const auto& [prefix, members] = group;
  const std::string sql = fmt::format(
      "SELECT 1 FROM {} WHERE sensor_id = ? AND epoch = ? AND number = ?", candidate.part);
  const auto end = members.upper_bound(candidate.highest);
  for (auto at = members.lower_bound(candidate.lowest); at != end; ++at) {
    const std::vector<SqlValue> values{prefix[0], prefix[1], at->first};
    TAPIARY_TRY(connection.Run(sql, values, [&found, row = at->second](const SqlRow&) {
      found->insert(row);
      return false;
    }));
  }
  return {};
}

base::Result<> NoteRows(SqliteConnection& connection, const NewRows& rows,
                        const std::string& here) {
  for (const auto& [owner, numbers] : NumbersOf(rows)) {
    TAPIARY_TRY(NoteNumbers(connection, here, owner[0], owner[1], numbers.lowest, numbers.highest));
  }
  return {};
}

// The rows that other parts have. Notes all of them.
base::Result<std::set<std::size_t>> FindElsewhere(SqliteConnection& connection, const NewRows& rows,
                                                  const std::string& here) {
  std::set<std::size_t> found;
  const KeyGroups groups = GroupByKey(rows);
  for (const auto& group : groups) {
    const auto& [prefix, members] = group;
    TAPIARY_TRY(NoteNumbers(connection, here, prefix[0], prefix[1], members.begin()->first,
                            members.rbegin()->first));
    TAPIARY_ASSIGN(const auto candidates, Candidates(connection, rows.table, group, here));
    for (const Candidate& candidate : candidates) {
      TAPIARY_TRY(FindIn(connection, candidate, group, &found));
    }
  }
  return found;
}

}  // namespace

base::Result<std::vector<SqlitePart>> ReadSqliteParts(SqliteConnection& connection,
                                                      const std::string& table) {
  std::vector<SqlitePart> parts;
  const std::vector<SqlValue> values{table};
  TAPIARY_TRY(connection.Run(
      "SELECT number, name, from_ns, to_ns FROM time_parts WHERE of_table = ? ORDER BY from_ns",
      values, [&parts](const SqlRow& row) {
        parts.push_back(ToPart(row));
        return true;
      }));
  return parts;
}

base::Result<SqlitePart> PartFor(SqliteConnection& connection, const std::string& table,
                                 std::int64_t received_ns) {
  const std::vector<SqlValue> place{table, received_ns, received_ns};
  TAPIARY_ASSIGN(auto there,
                 FindPart(connection, "of_table = ? AND from_ns <= ? AND to_ns > ?", place));
  if (there) return std::move(*there);
  TAPIARY_ASSIGN(const auto parts, ReadSqliteParts(connection, table));
  SqlitePart part = NewPart(table, parts, received_ns);
  TAPIARY_TRY(MakeUnique(connection, &part));
  const PartedTable* const parted = FindPartedTable(table);
  if (parted == nullptr) return base::MakeError(base::ErrorCode::kInternal, "no table in parts");
  TAPIARY_TRY(MakePart(connection, *parted, part));
  return part;
}

base::Result<SqlitePart> PartOf(SqliteConnection& connection, const std::string& table,
                                std::int64_t id) {
  const std::vector<SqlValue> number{table, id >> kPartIdBits};
  TAPIARY_ASSIGN(auto part, FindPart(connection, "of_table = ? AND number = ?", number));
  if (part) return std::move(*part);
  return base::MakeError(base::ErrorCode::kNotFound, "the row's part is gone");
}

base::Result<> NoteNumbers(SqliteConnection& connection, const std::string& part,
                           std::int64_t sensor_id, std::int64_t epoch, std::int64_t lowest,
                           std::int64_t highest) {
  const std::vector<SqlValue> values{sensor_id, epoch, part, lowest, highest};
  return connection.Run(
      "INSERT INTO part_numbers (sensor_id, epoch, part, lowest, highest) VALUES (?, ?, ?, ?, ?) "
      "ON CONFLICT (sensor_id, epoch, part) DO UPDATE SET lowest = MIN(part_numbers.lowest, "
      "excluded.lowest), highest = MAX(part_numbers.highest, excluded.highest) WHERE "
      "part_numbers.lowest > excluded.lowest OR part_numbers.highest < excluded.highest",
      values, {});
}

base::Result<> InsertIntoParts(SqliteConnection& connection, const NewRows& rows,
                               std::vector<std::size_t>* existing) {
  if (rows.values.empty()) return {};
  const auto received_ns = std::get<std::int64_t>(rows.values[rows.time]);
  TAPIARY_ASSIGN(const SqlitePart part, PartFor(connection, std::string(rows.table), received_ns));
  std::set<std::size_t> elsewhere;
  if (rows.over_parts) {
    TAPIARY_ASSIGN(elsewhere, FindElsewhere(connection, rows, part.name));
  } else if (rows.keys >= 3) {
    TAPIARY_TRY(NoteRows(connection, rows, part.name));
  }
  const std::string sql = InsertText(part.name, rows);
  const std::span<const SqlValue> values = rows.values;
  if (elsewhere.empty()) return connection.RunEach(sql, values, rows.width, existing);
  std::vector<std::size_t> idle;
  for (std::size_t row = 0; row < values.size() / rows.width; ++row) {
    idle.clear();
    if (!elsewhere.contains(row)) {
      TAPIARY_TRY(
          connection.RunEach(sql, values.subspan(row * rows.width, rows.width), rows.width, &idle));
    }
    if (!idle.empty() || elsewhere.contains(row)) existing->push_back(row);
  }
  return {};
}

base::Result<> DeleteFromParts(SqliteConnection& connection, const OldRows& rows,
                               const RowVisitor& visit) {
  TAPIARY_ASSIGN(const auto parts, ReadSqliteParts(connection, std::string(rows.table)));
  std::int64_t left = rows.limit;
  const auto count = [&left, &visit](const SqlRow& row) {
    --left;
    return visit(row);
  };
  for (const SqlitePart& part : parts) {
    if (left <= 0) break;
    std::vector<SqlValue> values(rows.values.begin(), rows.values.end());
    values.emplace_back(left);
    TAPIARY_TRY(connection.Run(DeleteText(part.name, rows), values, count));
  }
  return {};
}

// Nobody sees it from here on.
base::Result<> DropSqlitePart(SqliteConnection& connection, const TimePart& part) {
  const std::vector<SqlValue> names{std::string(kDroppedParts), part.name, part.table};
  TAPIARY_TRY(connection.Run("UPDATE time_parts SET of_table = ? WHERE name = ? AND of_table = ?",
                             names, {}));
  if (connection.changes() != 1) {  // and the name is one of ours
    return base::MakeError(base::ErrorCode::kUnavailable, "catalog: the part is gone already");
  }
  return connection.Run("DELETE FROM part_numbers WHERE part = ?", std::span(names).subspan(1, 1),
                        {});
}

base::Result<bool> FreeSome(SqliteConnection& connection, const std::string& part) {
  std::string index;
  const std::vector<SqlValue> name{part};
  TAPIARY_TRY(connection.Run(
      "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
      name, [&index](const SqlRow& row) {
        index = row.Text(0);
        return false;
      }));
  if (!index.empty()) {
    TAPIARY_TRY(connection.Script("DROP INDEX " + index));
    return true;
  }
  TAPIARY_TRY(connection.Script("DROP TABLE " + part));
  TAPIARY_TRY(connection.Run("DELETE FROM time_parts WHERE name = ?", name, {}));
  return false;
}

std::string InsertText(std::string_view table, const NewRows& rows) {
  std::string sql = fmt::format("INSERT INTO {} ({}) VALUES (?", table, rows.columns);
  for (std::size_t i = 1; i < rows.width; ++i) sql += ", ?";
  return sql + ") ON CONFLICT DO NOTHING";
}

std::string DeleteText(std::string_view table, const OldRows& rows) {
  return fmt::format(
      "DELETE FROM {0} AS r WHERE r.rowid IN (SELECT r.rowid FROM {0} r WHERE {1} ORDER BY {2} "
      "LIMIT ?) RETURNING {3}",
      table, rows.where, rows.order, rows.returned);
}

}  // namespace tapiary::server
