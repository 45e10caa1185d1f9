// SqliteConnection: one connection to SQLite, its prepared statements, and errors in our words.
//
// Only catalog.cc uses it; sqlite3.h is included by sqlite.cc alone. One thread at a time. A
// statement that is running is not in the cache, so a visitor may run the same SQL again.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "server/catalog/catalog.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tapiary::server {

class SqliteConnection {
 public:
  // Opens an existing file. kUnavailable or kCorrupt (no database).
  static base::Result<std::unique_ptr<SqliteConnection>> Open(const std::string& path);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // Several statements without parameters; for schema and pragmas.
  base::Result<> Script(const std::string& sql);
  // One statement with bound values. `visit` may be empty. kTimeout when the deadline passed.
  base::Result<> Run(std::string_view sql, std::span<const SqlValue> values,
                     const RowVisitor& visit);
  // One statement once for each `width` values; the numbers of those that changed nothing are added
  // to *idle.
  base::Result<> RunEach(std::string_view sql, std::span<const SqlValue> values, std::size_t width,
                         std::vector<std::size_t>* idle);
  // Steady time after which running statements are ended; 0: never.
  void SetDeadline(std::int64_t steady_ns) { deadline_ns_ = steady_ns; }
  // While *stop is true, statements end as at a deadline. It must outlive the connection; may be
  // null.
  void SetStop(const std::atomic<bool>* stop) { stop_ = stop; }
  // Counts the pages of the log at each commit, in place of SQLite's own automatic checkpoint.
  void WatchLog();
  [[nodiscard]] int log_pages() const { return log_pages_; }
  // Copies the log back. `wait`: waits (busy time-out) for readers and empties the log's file.
  base::Result<> Checkpoint(bool wait);
  // Waits until the log is on the disk. Another connection may write to it meanwhile.
  base::Result<> SyncLog();
  // The same of the database file.
  base::Result<> SyncFile();

  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] std::int64_t last_id() const;
  [[nodiscard]] bool in_transaction() const;

 private:
  explicit SqliteConnection(sqlite3* database) : database_(database) {}
  base::Result<sqlite3_stmt*> Take(std::string_view sql);
  void GiveBack(std::string_view sql, sqlite3_stmt* statement);
  base::Result<> BindAll(sqlite3_stmt* statement, std::span<const SqlValue> values);
  base::Result<> Step(sqlite3_stmt* statement, const RowVisitor& visit);
  base::Result<> Sync(int which, std::string_view what);
  [[nodiscard]] bool Expired() const;
  [[nodiscard]] base::Error Failure(int code, std::string_view what) const;

  sqlite3* database_;
  std::int64_t deadline_ns_ = 0;
  const std::atomic<bool>* stop_ = nullptr;
  int log_pages_ = 0;
  std::unordered_map<std::string, sqlite3_stmt*> cache_;
};

}  // namespace tapiary::server
