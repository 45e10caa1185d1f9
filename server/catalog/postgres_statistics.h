// PostgresStatistics: asks the server for statistics of the tables that this collector fills.
//
// The server's own autovacuum makes them a minute later; until then the planner takes a table of
// millions for an empty one, and lists that need milliseconds take seconds (PostgreSQL manual,
// "ANALYZE", "Updating Planner Statistics"). A table is looked at when as many rows were written as
// it had; one with parts, as a whole, when a part is new. A thread and a connection of its own; one
// collector at a time, by an advisory lock; what fails is logged and tried again later. Any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/log.h"
#include "base/result.h"
#include "server/catalog/postgres.h"

namespace tapiary::server {

// Rows that a transaction added, by table.
using RowsWritten = std::map<std::string, std::int64_t, std::less<>>;

// The table of an INSERT, or "".
std::string_view InsertedTable(std::string_view sql);

class PostgresStatistics {
 public:
  using Connect = std::function<base::Result<std::unique_ptr<PostgresConnection>>()>;
  // `connect` is called on the thread.
  explicit PostgresStatistics(Connect connect);
  ~PostgresStatistics();
  PostgresStatistics(const PostgresStatistics&) = delete;
  PostgresStatistics& operator=(const PostgresStatistics&) = delete;

  // After a commit. Takes no time.
  void Note(const RowsWritten& rows);
  // A table that was made of rows that were there before.
  void NoteUnknown(const std::string& table);

 private:
  struct Table {
    std::int64_t written = 0;  // since its statistics
    std::int64_t due;          // how many make it a case
    std::int64_t next_ns = 0;  // steady; not before, after a failure
  };
  struct Known {
    std::int64_t rows = 0;  // of the table, by its statistics
    bool fresh = false;     // just made
  };
  void Run();
  std::string Due(std::int64_t now_ns) const;  // with mutex_
  base::Result<Known> Look(const std::string& table, std::int64_t written) const;
  // With mutex_.
  void Done(const std::string& table, std::int64_t written, const base::Result<Known>& known);

  const Connect connect_;
  std::mutex mutex_;
  std::condition_variable changed_;  // with mutex_: something is due, or stop_
  std::map<std::string, Table, std::less<>> tables_;
  std::atomic<bool> stop_{false};  // set with mutex_
  base::RateLimit error_log_{600 * 1'000'000'000LL};
  std::thread thread_;
};

}  // namespace tapiary::server
