// Catalog: the collector's relational store, on SQLite or PostgreSQL.
//
// Callers write one SQL text with ? for values, which are always bound parameters; what differs
// between the two databases stays in this folder (docs/catalog.md lists what both understand).
// Every write is one transaction, durable when it returns. Reads are limited in time. Any thread.
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

// Many rows for one table.
struct NewRows {
  std::string_view table;
  std::string_view columns;  // "sensor_id, epoch, ..."; those of a unique key of integers first
  std::size_t width = 0;     // how many columns
  std::size_t keys = 0;      // how many of them are the key's
  bool fresh = false;        // most likely none of them is there
  std::size_t time = 0;      // the column by whose time the table may have parts; 0: none
  bool over_parts = false;   // the key is unique over all parts; else in each of them
  std::vector<SqlValue> values{};  // row by row; no two rows have the same key
};

// Rows to remove.
struct OldRows {
  std::string_view table;
  std::string_view where;  // of the row r
  std::span<const SqlValue> values;
  std::string_view order;     // those that come first by it go first
  std::int64_t limit = 0;     // at most so many
  std::string_view returned;  // columns that the visitor gets
};

// A part of a table by time of reception, which can go as a whole.
struct TimePart {
  std::string name;
  std::string table;
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;  // not included
};

// Statements inside one write transaction. Valid during Catalog::Write only.
class SqlWriter {
 public:
  virtual ~SqlWriter() = default;
  // Runs one statement; the number of changed rows. After a failure the transaction is lost,
  // except within Attempt. What an INSERT numbered is asked for with Query and RETURNING.
  virtual base::Result<std::int64_t> Execute(std::string_view sql,
                                             std::span<const SqlValue> values) = 0;
  virtual base::Result<> Query(std::string_view sql, std::span<const SqlValue> values,
                               const RowVisitor& visit) = 0;
  // Inserts the rows by the database's fastest way. Those whose key is there already are left out;
  // their numbers (from 0) are added to *existing in rising order.
  virtual base::Result<> InsertNew(const NewRows& rows, std::vector<std::size_t>* existing) = 0;
  // Removes rows in a bounded number; the visitor sees each of them.
  virtual base::Result<> DeleteSome(const OldRows& rows, const RowVisitor& visit) = 0;
  // Removes the part and all of its rows. kUnavailable when somebody has the table in use for too
  // long. Until the end of the transaction nobody else gets at the table.
  virtual base::Result<> DropPart(const TimePart& part) = 0;
  // Whether searches for an address go by flow_ends (address_list.h). Else indexes of addresses
  // answer, and nothing reads it.
  [[nodiscard]] virtual bool has_address_lists() const { return true; }
  // Runs `work`; when it fails, what it wrote is taken back and the transaction can go on.
  virtual base::Result<> Attempt(const std::function<base::Result<>()>& work) = 0;
};

struct CatalogOptions {
  std::string path{};           // SQLite's file, when `url` is empty
  std::string url{};            // postgresql://... (libpq's form; without a password)
  std::string password_file{};  // its first line is the password; empty: PGPASSWORD or ~/.pgpass
  int readers = 4;
  int writers = 4;  // at a time; SQLite has one
  std::int64_t read_limit_ns = 5'000'000'000;
};

class Catalog {
 public:
  // Creates what is missing (SQLite: the file, mode 0600) and applies the missing schema steps.
  // kCorrupt for a newer schema, kInvalid for a URL that is none.
  static base::Result<std::unique_ptr<Catalog>> Open(const CatalogOptions& options);
  virtual ~Catalog() = default;
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // Read only. kTimeout when the limit ended it: rows visited so far stand (a partial result).
  // kUnavailable when the database is busy, full, away or unreadable: later calls may succeed.
  virtual base::Result<> Query(std::string_view sql, std::span<const SqlValue> values,
                               const RowVisitor& visit) const = 0;
  // The same on a connection kept apart, which long queries cannot take: for what finds one row by
  // a key and what everything else waits for (who is it, is it known, is the catalog alive).
  virtual base::Result<> QuickQuery(std::string_view sql, std::span<const SqlValue> values,
                                    const RowVisitor& visit) const = 0;
  // The parts that there are, by table and time.
  [[nodiscard]] virtual base::Result<std::vector<TimePart>> TimeParts() const = 0;
  // Makes those of the coming days, where the first row does not, and gives back the room of those
  // that were dropped. Rows of a time without a part are kept all the same.
  virtual base::Result<> MakeTimeParts(std::int64_t now_ns) = 0;
  // Ends running and coming calls of Query with kUnavailable. Writes and quick queries go on.
  virtual void RequestStop() = 0;
  // Runs `work` in one transaction: committed and synced when it returns success, else nothing
  // happened. kUnavailable when the disk is full or the database busy or away; a commit whose
  // answer was lost with the connection is kUnavailable too and may stand.
  virtual base::Result<> Write(const std::function<base::Result<>(SqlWriter&)>& work) = 0;
  // The same, but the transaction may have the work of other callers too, so that many small ones
  // wait for one sync. When `work` fails, only what it wrote is taken back. It may run on another
  // thread. Where the database itself groups what commits at once, this is Write.
  virtual base::Result<> WriteShared(const std::function<base::Result<>(SqlWriter&)>& work) {
    return Write(work);
  }
  // The same for work that may be done twice, the second time as if the first had not been. While
  // all in a transaction is such work, none of it needs a savepoint, for which every page that it
  // writes would be copied: when one fails, all is taken back and each is done again by itself.
  virtual base::Result<> WriteRepeatable(const std::function<base::Result<>(SqlWriter&)>& work) {
    return WriteShared(work);
  }

 protected:
  Catalog() = default;
};

// Adds an audit row inside a transaction.
base::Result<> AddAudit(SqlWriter& writer, std::string_view actor, std::string_view action,
                        std::string_view detail);

}  // namespace tapiary::server
