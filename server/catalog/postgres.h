// PostgresConnection: one connection to PostgreSQL, its prepared statements, and errors in our
// words.
//
// Only postgres_catalog.cc uses it; libpq-fe.h is included by postgres.cc and postgres_row.cc
// alone. libpq rather than libpqxx: rows as they come, cancelling, deadlines on the socket, and
// nothing throws. One thread at a time. One statement at a time: a visitor must not run another.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "server/catalog/catalog.h"

struct pg_conn;
struct pg_result;

namespace tapiary::server {

class PostgresConnection {
 public:
  // `url` in libpq's form; an empty password leaves it to PGPASSWORD and ~/.pgpass. kUnavailable
  // when the server does not answer or refuses, kUnsupported when it is too old.
  static base::Result<std::unique_ptr<PostgresConnection>> Open(const std::string& url,
                                                                const std::string& password);
  ~PostgresConnection();
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  // Several statements without parameters.
  base::Result<> Script(const std::string& sql);
  // One statement in the catalog's common SQL. `visit` may be empty. kTimeout when the deadline
  // passed or *stop became true, kUnavailable when the connection broke.
  base::Result<> Run(std::string_view sql, std::span<const SqlValue> values,
                     const RowVisitor& visit);
  // COPY of `data` in the binary form (postgres_bulk.h) by a COPY ... FROM STDIN statement.
  base::Result<> Copy(const std::string& sql, std::string_view data);
  // Steady time after which running statements are cancelled; 0: never.
  void SetDeadline(std::int64_t steady_ns) { deadline_ns_ = steady_ns; }
  // It must outlive the connection; may be null.
  void SetStop(const std::atomic<bool>* stop) { stop_ = stop; }

  [[nodiscard]] std::int64_t changes() const { return changes_; }
  // The server is still there, as far as the last statement could tell.
  [[nodiscard]] bool alive() const;

 private:
  explicit PostgresConnection(pg_conn* connection) : connection_(connection) {}
  // The name of the prepared statement for this text with values of these kinds.
  base::Result<std::string> Prepare(std::string_view sql, std::span<const SqlValue> values);
  base::Result<> Receive(const RowVisitor& visit);
  // One result, or null at the end. Cancels when the time is over.
  base::Result<pg_result*> Next();
  base::Result<> WaitForInput(int milliseconds);
  void Cancel();
  void AbsorbCancel();
  [[nodiscard]] bool Expired() const;
  [[nodiscard]] base::Error Failure(const pg_result* result) const;

  pg_conn* connection_;
  std::int64_t deadline_ns_ = 0;
  const std::atomic<bool>* stop_ = nullptr;
  bool cancelled_ = false;
  std::int64_t cancelled_at_ns_ = 0;
  std::int64_t changes_ = 0;
  std::uint64_t next_name_ = 0;
  std::unordered_map<std::string, std::string> prepared_;  // kinds and SQL, name
};

// kInvalid when it is not libpq's postgresql:// form or holds a password, which would be seen in
// process lists and settings. The text never repeats the URL.
base::Result<> CheckPostgresUrl(const std::string& url);

}  // namespace tapiary::server
