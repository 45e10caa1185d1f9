// Catalog: the collector's relational store, on SQLite.
//
// One writer connection behind a mutex and a pool of read-only connections. Every write is one
// transaction, durable when it returns (WAL, synchronous=FULL). Values are always bound parameters.
// Reads are limited in time, so that no reader holds back checkpoints (CO-14). Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace tapiary::server {

// One value, in or out. Blobs are byte vectors; texts are UTF-8 without NUL.
using SqlValue =
    std::variant<std::nullptr_t, std::int64_t, double, std::string, std::vector<std::uint8_t>>;

// A row of a result; views are valid during the callback.
class SqlRow {
 public:
  virtual ~SqlRow() = default;
  [[nodiscard]] virtual std::size_t size() const = 0;
  [[nodiscard]] virtual bool IsNull(std::size_t column) const = 0;
  [[nodiscard]] virtual std::int64_t Int(std::size_t column) const = 0;  // 0 for NULL
  [[nodiscard]] virtual double Real(std::size_t column) const = 0;
  [[nodiscard]] virtual std::string_view Text(std::size_t column) const = 0;  // "" for NULL
  [[nodiscard]] virtual std::span<const std::uint8_t> Blob(std::size_t column) const = 0;
};

// Called per row; false ends the query early (that is success).
using RowVisitor = std::function<bool(const SqlRow& row)>;

// Statements inside one write transaction. Valid during Catalog::Write only.
class SqlWriter {
 public:
  virtual ~SqlWriter() = default;
  // Runs one statement; the number of changed rows.
  virtual base::Result<std::int64_t> Execute(std::string_view sql,
                                             std::span<const SqlValue> values) = 0;
  virtual base::Result<> Query(std::string_view sql, std::span<const SqlValue> values,
                               const RowVisitor& visit) = 0;
  [[nodiscard]] virtual std::int64_t last_id() const = 0;  // of the last INSERT
};

struct CatalogOptions {
  std::string path;
  int readers = 4;
  std::int64_t read_limit_ns = 5'000'000'000;
};

class Catalog {
 public:
  // Creates the file (mode 0600) or applies the missing schema steps. kCorrupt for a newer schema.
  static base::Result<std::unique_ptr<Catalog>> Open(const CatalogOptions& options);
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // Read only. kTimeout when the limit ended it: rows visited so far stand (a partial result).
  // kUnavailable when the database is busy, full or unreadable.
  base::Result<> Query(std::string_view sql, std::span<const SqlValue> values,
                       const RowVisitor& visit) const;
  // The same on a connection kept apart, which long queries cannot take: for what finds one row by
  // a key and what everything else waits for (who is it, is it known, is the catalog alive).
  base::Result<> QuickQuery(std::string_view sql, std::span<const SqlValue> values,
                            const RowVisitor& visit) const;
  // Ends running and coming calls of Query with kUnavailable. Writes and quick queries go on.
  void RequestStop();
  // Runs `work` in one transaction: committed and synced when it returns success, else nothing
  // happened. kUnavailable when the disk is full or the database busy.
  base::Result<> Write(const std::function<base::Result<>(SqlWriter&)>& work);

 private:
  struct Impl;
  explicit Catalog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Adds an audit row inside a transaction.
base::Result<> AddAudit(SqlWriter& writer, std::string_view actor, std::string_view action,
                        std::string_view detail);

}  // namespace tapiary::server
