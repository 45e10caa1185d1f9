#include "server/catalog/postgres_statistics.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/clock.h"

namespace tapiary::server {
namespace {

// Fewer rows than that are quick to look at, whatever the plan.
constexpr std::int64_t kFewRows = 5000;
constexpr std::int64_t kAgainNs = 10 * base::kNanosPerSecond;
constexpr std::int64_t kLimitNs = 60 * base::kNanosPerSecond;
constexpr std::int64_t kAnalyzeLock = 0x7461706961727a;  // kMigrationLock is the one before

base::Result<std::int64_t> AskNumber(PostgresConnection& connection, std::string_view sql,
                                     std::span<const SqlValue> values) {
  std::int64_t number = 0;
  TAPIARY_TRY(connection.Run(sql, values, [&number](const SqlRow& row) {
    number = row.Int(0);
    return false;
  }));
  return number;
}

// 0 or less: no statistics yet.
base::Result<std::int64_t> KnownRows(PostgresConnection& connection, const std::string& table) {
  const std::vector<SqlValue> values{table};
  return AskNumber(connection,
                   "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = to_regclass(?)",
                   values);
}

// The table that this one is a part of, or "".
base::Result<std::string> WholeOf(PostgresConnection& connection, const std::string& table) {
  std::string whole;
  const std::vector<SqlValue> values{table};
  TAPIARY_TRY(connection.Run(
      "SELECT CAST(CAST(inhparent AS regclass) AS TEXT) FROM pg_inherits WHERE inhrelid = "
      "to_regclass(?)",
      values, [&whole](const SqlRow& row) {
        whole = row.Text(0);
        return false;
      }));
  return whole;
}

// What to look at, or "" when the statistics of before this program's start will do. A whole with
// all of its parts is looked at when it never was, and when a part is new: once a day. Nobody else
// does it, and without it the planner knows of its own parts but not how many sensors there are.
base::Result<std::string> Target(PostgresConnection& connection, const std::string& table,
                                 std::int64_t rows, std::int64_t written) {
  TAPIARY_ASSIGN(const std::string whole, WholeOf(connection, table));
  if (!whole.empty()) {
    TAPIARY_ASSIGN(const std::int64_t all, KnownRows(connection, whole));
    if (all <= 0 || rows <= 0) return whole;
  }
  return rows > written ? std::string() : table;
}

}  // namespace

std::string_view InsertedTable(std::string_view sql) {
  constexpr std::string_view kInsert = "INSERT INTO ";
  if (!sql.starts_with(kInsert)) return {};
  sql.remove_prefix(kInsert.size());
  return sql.substr(0, sql.find_first_of(" ("));
}

PostgresStatistics::PostgresStatistics(Connect connect)
    : connect_(std::move(connect)), thread_([this] { Run(); }) {}

PostgresStatistics::~PostgresStatistics() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void PostgresStatistics::Note(const RowsWritten& rows) {
  bool due = false;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, count] : rows) {
      Table& table = tables_.try_emplace(name, Table{.due = kFewRows}).first->second;
      table.written += count;
      due |= table.written >= table.due;
    }
  }
  if (due) changed_.notify_one();
}

void PostgresStatistics::NoteUnknown(const std::string& table) {
  Note({{table, kFewRows}});
}

std::string PostgresStatistics::Due(std::int64_t now_ns) const {
  for (const auto& [name, table] : tables_) {
    if (table.written >= table.due && table.next_ns <= now_ns) return name;
  }
  return {};
}

base::Result<PostgresStatistics::Known> PostgresStatistics::Look(const std::string& table,
                                                                 std::int64_t written) const {
  TAPIARY_ASSIGN(const auto connection, connect_());
  connection->SetStop(&stop_);
  connection->SetDeadline(base::SteadyNow() + kLimitNs);
  TAPIARY_ASSIGN(const std::int64_t rows, KnownRows(*connection, table));
  TAPIARY_ASSIGN(const std::string target, Target(*connection, table, rows, written));
  if (target.empty()) return Known{rows, false};
  const std::vector<SqlValue> key{kAnalyzeLock};
  TAPIARY_ASSIGN(const std::int64_t ours,
                 AskNumber(*connection, "SELECT pg_try_advisory_lock(?)", key));
  if (ours == 0) {
    return base::MakeError(base::ErrorCode::kExists, "another collector is at it");
  }
  TAPIARY_TRY(connection->Script(fmt::format("ANALYZE {}", target)));
  TAPIARY_ASSIGN(const std::int64_t now, KnownRows(*connection, table));
  return Known{now, true};
}

void PostgresStatistics::Done(const std::string& name, std::int64_t written,
                              const base::Result<Known>& known) {
  Table& table = tables_.at(name);
  if (known) {
    if (known->fresh) table.written -= written;
    table.due = std::max(kFewRows, known->rows);
    return;
  }
  table.next_ns = base::SteadyNow() + kAgainNs;
  std::uint64_t suppressed = 0;
  if (known.error().code != base::ErrorCode::kExists && error_log_.Allow(&suppressed)) {
    base::LogWarning("catalog: no statistics of {}: {} ({} more before)", name,
                     known.error().message, suppressed);
  }
}

void PostgresStatistics::Run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const std::string name = Due(base::SteadyNow());
    if (name.empty()) {
      changed_.wait_for(lock, std::chrono::seconds(5));
      continue;
    }
    const std::int64_t written = tables_.at(name).written;
    lock.unlock();
    const auto known = Look(name, written);
    lock.lock();
    if (!stop_) Done(name, written, known);
  }
}

}  // namespace tapiary::server
