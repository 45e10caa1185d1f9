#include "server/catalog/postgres_parts.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/clock.h"
#include "server/catalog/postgres_bulk.h"

namespace tapiary::server {
namespace {

struct InParts {
  std::string_view name;
  std::string_view key;  // unique in each part; "" when there is none
};
constexpr std::array<InParts, 3> kTables{{
    {"flows", "sensor_id, epoch, number"},
    {"transactions", "sensor_id, epoch, flow_number, number"},
    {"events", ""},
}};
constexpr std::int64_t kDaysAhead = 3;
constexpr std::int64_t kMakeLock = 0x7461706961727b;  // those before: migration, statistics

// The parent is locked against everybody. Whoever comes meanwhile waits behind us, so not for long.
constexpr const char* kShortLock = "SET LOCAL lock_timeout = '300ms'";

// Rows that came while there was no part stay where they are, and so does their day.
base::Result<bool> DefaultHas(PostgresConnection& connection, const TimePart& part) {
  bool has = false;
  TAPIARY_TRY(connection.Run(fmt::format("SELECT 1 FROM {}_default WHERE received_ns >= {} AND "
                                         "received_ns < {} LIMIT 1",
                                         part.table, part.from_ns, part.to_ns),
                             {}, [&has](const SqlRow&) {
                               has = true;
                               return false;
                             }));
  return has;
}

base::Result<> MakePart(PostgresConnection& connection, const TimePart& part,
                        std::string_view key) {
  TAPIARY_ASSIGN(const bool taken, DefaultHas(connection, part));
  if (taken) return {};
  const std::string index =
      key.empty() ? "" : fmt::format("CREATE UNIQUE INDEX ON {} ({}); ", part.name, key);
  return connection.Script(
      fmt::format("CREATE TABLE {0} PARTITION OF {1} FOR VALUES FROM ({2}) TO ({3}); {4}"
                  "INSERT INTO time_parts (name, of_table, from_ns, to_ns) "
                  "VALUES ('{0}', '{1}', {2}, {3})",
                  part.name, part.table, part.from_ns, part.to_ns, index));
}

std::vector<TimePart> PartsToMake(std::string_view table, std::span<const TimePart> there,
                                  std::int64_t now_ns) {
  std::int64_t from = now_ns / base::kNanosPerDay * base::kNanosPerDay;
  std::size_t count = 0;
  for (const TimePart& part : there) {
    if (part.table != table) continue;
    from = std::max(from, part.to_ns);
    ++count;
  }
  std::vector<TimePart> parts;
  while (from < now_ns + (kDaysAhead - 1) * base::kNanosPerDay) {
    const std::int64_t to = from + DaysOfPart(count++) * base::kNanosPerDay;
    parts.push_back({PartName(table, from), std::string(table), from, to});
    from = to;
  }
  return parts;
}

base::Result<> MakeMissing(PostgresConnection& connection, std::int64_t now_ns) {
  TAPIARY_ASSIGN(const auto there, ReadParts(connection));
  for (const auto& [table, key] : kTables) {
    for (const TimePart& part : PartsToMake(table, there, now_ns)) {
      TAPIARY_TRY(MakePart(connection, part, key));
    }
  }
  return {};
}

// Parts that may have numbers from `low` to `high`; the first is where new rows go.
struct Candidate {
  std::string name;
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
};

base::Result<std::vector<Candidate>> Candidates(PostgresConnection& connection, const NewRows& rows,
                                                const KeyGroups::value_type& group) {
  constexpr std::string_view kSql =
      "WITH here AS (SELECT COALESCE((SELECT name FROM time_parts WHERE of_table = ? AND from_ns "
      "<= ? AND to_ns > ?), ?) AS name), noted AS (INSERT INTO part_numbers (sensor_id, epoch, "
      "part, lowest, highest) SELECT ?, ?, name, ?, ? FROM here ON CONFLICT (sensor_id, epoch, "
      "part) DO UPDATE SET lowest = LEAST(part_numbers.lowest, excluded.lowest), highest = "
      "GREATEST(part_numbers.highest, excluded.highest) WHERE part_numbers.lowest > "
      "excluded.lowest OR part_numbers.highest < excluded.highest) "
      "SELECT name, 0, 0, 0 FROM here UNION ALL "
      "SELECT n.part, n.lowest, n.highest, 1 FROM part_numbers n, here WHERE n.sensor_id = ? AND "
      "n.epoch = ? AND n.lowest <= ? AND n.highest >= ? AND n.part <> here.name ORDER BY 4";
  const std::int64_t received_ns = std::get<std::int64_t>(rows.values[rows.time]);
  const std::string table(rows.table);
  const std::int64_t low = group.second.begin()->first;
  const std::int64_t high = group.second.rbegin()->first;
  const std::int64_t sensor_id = group.first[0];
  const std::int64_t epoch = group.first[1];
  const std::vector<SqlValue> values{table,     received_ns, received_ns, table + "_default",
                                     sensor_id, epoch,       low,         high,
                                     sensor_id, epoch,       high,        low};
  std::vector<Candidate> found;
  TAPIARY_TRY(connection.Run(kSql, values, [&found](const SqlRow& row) {
    found.push_back({std::string(row.Text(0)), row.Int(1), row.Int(2)});
    return true;
  }));
  return found;
}

// Without a part for the time, one may be made while we look: then not until we are done.
base::Result<std::vector<Candidate>> LockedCandidates(PostgresConnection& connection,
                                                      const NewRows& rows,
                                                      const KeyGroups::value_type& group) {
  TAPIARY_ASSIGN(auto found, Candidates(connection, rows, group));
  if (!found.front().name.ends_with("_default")) return found;
  TAPIARY_TRY(connection.Script(fmt::format("LOCK TABLE {} IN ROW EXCLUSIVE MODE", rows.table)));
  return Candidates(connection, rows, group);
}

}  // namespace

base::Result<> MakeParts(PostgresConnection& connection, std::int64_t now_ns) {
  TAPIARY_ASSIGN(const auto there, ReadParts(connection));
  const bool missing = std::ranges::any_of(kTables, [&](const InParts& table) {
    return !PartsToMake(table.name, there, now_ns).empty();
  });
  if (!missing) return {};
  TAPIARY_TRY(connection.Script(
      fmt::format("BEGIN; {}; SELECT pg_advisory_xact_lock({})", kShortLock, kMakeLock)));
  const auto made = MakeMissing(connection, now_ns);
  const auto ended = connection.Script(made ? "COMMIT" : "ROLLBACK");
  return made ? ended : made;
}

base::Result<std::vector<TimePart>> ReadParts(PostgresConnection& connection) {
  std::vector<TimePart> parts;
  TAPIARY_TRY(connection.Run(
      "SELECT name, of_table, from_ns, to_ns FROM time_parts ORDER BY of_table, from_ns", {},
      [&parts](const SqlRow& row) {
        parts.push_back(
            {std::string(row.Text(0)), std::string(row.Text(1)), row.Int(2), row.Int(3)});
        return true;
      }));
  return parts;
}

base::Result<> DropPart(PostgresConnection& connection, const TimePart& part) {
  TAPIARY_TRY(connection.Script(kShortLock));
  const std::vector<SqlValue> name{part.name};
  TAPIARY_TRY(connection.Script(fmt::format("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", part.table)));
  TAPIARY_TRY(connection.Run("DELETE FROM time_parts WHERE name = ?", name, {}));
  if (connection.changes() != 1) {  // and the name is one of ours
    return base::MakeError(base::ErrorCode::kUnavailable, "catalog: the part is gone already");
  }
  TAPIARY_TRY(connection.Run("DELETE FROM part_numbers WHERE part = ?", name, {}));
  return connection.Script(
      fmt::format("DROP TABLE {}; SET LOCAL lock_timeout = DEFAULT", part.name));
}

base::Result<std::string> PartAt(PostgresConnection& connection, std::string_view table,
                                 std::int64_t received_ns) {
  std::string name = fmt::format("{}_default", table);
  const std::vector<SqlValue> values{std::string(table), received_ns, received_ns};
  TAPIARY_TRY(connection.Run(
      "SELECT name FROM time_parts WHERE of_table = ? AND from_ns <= ? AND to_ns > ?", values,
      [&name](const SqlRow& row) {
        name = row.Text(0);
        return false;
      }));
  return name;
}

base::Result<std::string> FindElsewhere(PostgresConnection& connection, const NewRows& rows,
                                        std::vector<std::size_t>* elsewhere) {
  std::string here;
  std::set<std::size_t> found;
  const KeyGroups groups = GroupByKey(rows);
  for (const auto& group : groups) {
    TAPIARY_ASSIGN(const auto candidates, LockedCandidates(connection, rows, group));
    here = candidates.front().name;
    for (const Candidate& part : std::span(candidates).subspan(1)) {
      TAPIARY_TRY(FindNumbers(connection, rows, part.name, group, {part.lowest, part.highest},
                              [&found](std::size_t row) { found.insert(row); }));
    }
  }
  elsewhere->insert(elsewhere->end(), found.begin(), found.end());
  return here;
}

}  // namespace tapiary::server
