#include "server/catalog/sqlite.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "server/catalog/address_filter.h"
#include "server/catalog/address_list.h"
#include "server/catalog/part_table.h"
#include "server/catalog/text_matcher.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kCachedStatements = 128;
constexpr int kStepsBetweenChecks = 2000;  // virtual machine steps: well below a millisecond
constexpr int kBusyMilliseconds = 5000;

class Row final : public SqlRow {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  [[nodiscard]] std::size_t size() const override {
    return static_cast<std::size_t>(sqlite3_column_count(statement_));
  }
  [[nodiscard]] bool IsNull(std::size_t column) const override {
    return sqlite3_column_type(statement_, At(column)) == SQLITE_NULL;
  }
  [[nodiscard]] std::int64_t Int(std::size_t column) const override {
    return sqlite3_column_int64(statement_, At(column));
  }
  [[nodiscard]] double Real(std::size_t column) const override {
    return sqlite3_column_double(statement_, At(column));
  }
  [[nodiscard]] std::string_view Text(std::size_t column) const override {
    const auto* text = sqlite3_column_text(statement_, At(column));
    if (text == nullptr) return {};
    return {reinterpret_cast<const char*>(text),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, At(column)))};
  }
  [[nodiscard]] std::span<const std::uint8_t> Blob(std::size_t column) const override {
    const auto* blob =
        static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, At(column)));
    if (blob == nullptr) return {};
    return {blob, static_cast<std::size_t>(sqlite3_column_bytes(statement_, At(column)))};
  }

 private:
  static int At(std::size_t column) { return static_cast<int>(column); }
  sqlite3_stmt* statement_;
};

// The values outlive the run, so nothing is copied.
int Bind(sqlite3_stmt* statement, int at, const SqlValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return sqlite3_bind_int64(statement, at, *number);
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return sqlite3_bind_double(statement, at, *real);
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, at, text->data(), text->size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<std::vector<std::uint8_t>>(&value)) {
    // A null pointer would bind NULL in place of an empty blob.
    if (blob->empty()) return sqlite3_bind_zeroblob(statement, at, 0);
    return sqlite3_bind_blob64(statement, at, blob->data(), blob->size(), SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, at);
}

base::ErrorCode CodeOf(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
      return base::ErrorCode::kExists;
    default:
      break;
  }
  switch (extended & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
    case SQLITE_NOMEM:
    case SQLITE_CORRUPT:  // ours is damaged: nothing that the caller sent
    case SQLITE_NOTADB:
      return base::ErrorCode::kUnavailable;
    case SQLITE_INTERRUPT:
      return base::ErrorCode::kTimeout;
    case SQLITE_TOOBIG:
      return base::ErrorCode::kTooLarge;
    default:
      return base::ErrorCode::kInternal;
  }
}

// Before SQLite's first use. Its count of allocations takes a lock for each of them.
void ConfigureOnce() {
  static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)done;  // somebody else in this program was earlier: then it counts
}

}  // namespace

base::Result<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& path) {
  ConfigureOnce();
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &database,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(database));
  if (code != SQLITE_OK) return connection->Failure(code, "cannot open " + path);
  sqlite3_extended_result_codes(database, 1);
  if (!AddMatchFunction(database) || !AddAddressFunction(database) || !AddListFunctions(database) ||
      !AddPartTables(database, *connection)) {
    return connection->Failure(SQLITE_ERROR, "cannot add functions");
  }
  sqlite3_busy_timeout(database, kBusyMilliseconds);
  // Closing must not take as long as copying the whole log back; it is read at the next start.
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_progress_handler(
      database, kStepsBetweenChecks,
      [](void* self) { return static_cast<SqliteConnection*>(self)->Expired() ? 1 : 0; },
      connection.get());
  return connection;
}

SqliteConnection::~SqliteConnection() {
  for (const auto& [sql, statement] : cache_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

base::Error SqliteConnection::Failure(int code, std::string_view what) const {
  const int extended = database_ != nullptr ? sqlite3_extended_errcode(database_) : code;
  const char* text = database_ != nullptr ? sqlite3_errmsg(database_) : sqlite3_errstr(code);
  return base::MakeError(CodeOf(extended), fmt::format("catalog: {}: {}", what, text));
}

bool SqliteConnection::Expired() const {
  if (stop_ != nullptr && *stop_) return true;
  return deadline_ns_ != 0 && base::SteadyNow() > deadline_ns_;
}

base::Result<> SqliteConnection::Script(const std::string& sql) {
  const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return Failure(code, sql.substr(0, 60));
  return {};
}

base::Result<sqlite3_stmt*> SqliteConnection::Take(std::string_view sql) {
  if (auto node = cache_.extract(std::string(sql)); !node.empty()) return node.mapped();
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, &tail);
  if (code != SQLITE_OK) return Failure(code, "cannot prepare");
  if (statement == nullptr || tail != sql.data() + sql.size()) {
    sqlite3_finalize(statement);
    return base::MakeError(base::ErrorCode::kInternal, "catalog: not one SQL statement");
  }
  return statement;
}

void SqliteConnection::GiveBack(std::string_view sql, sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (cache_.size() >= kCachedStatements) {  // filters make ever new texts
    for (const auto& [text, cached] : cache_) sqlite3_finalize(cached);
    cache_.clear();
  }
  if (!cache_.emplace(sql, statement).second) sqlite3_finalize(statement);
}

base::Result<> SqliteConnection::BindAll(sqlite3_stmt* statement,
                                         std::span<const SqlValue> values) {
  if (static_cast<std::size_t>(sqlite3_bind_parameter_count(statement)) != values.size()) {
    return base::MakeError(base::ErrorCode::kInternal, "catalog: wrong number of values");
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int code = Bind(statement, static_cast<int>(i) + 1, values[i]);
    if (code != SQLITE_OK) return Failure(code, "cannot bind a value");
  }
  return {};
}

base::Result<> SqliteConnection::Run(std::string_view sql, std::span<const SqlValue> values,
                                     const RowVisitor& visit) {
  TAPIARY_ASSIGN(sqlite3_stmt* const statement, Take(sql));
  base::Result<> result = BindAll(statement, values);
  if (result) result = Step(statement, visit);
  GiveBack(sql, statement);
  return result;
}

base::Result<> SqliteConnection::RunEach(std::string_view sql, std::span<const SqlValue> values,
                                         std::size_t width, std::vector<std::size_t>* idle) {
  TAPIARY_ASSIGN(sqlite3_stmt* const statement, Take(sql));
  base::Result<> result;
  for (std::size_t row = 0; result && row < values.size() / width; ++row) {
    result = BindAll(statement, values.subspan(row * width, width));
    if (result) result = Step(statement, {});
    if (result && changes() == 0) idle->push_back(row);
    sqlite3_reset(statement);
  }
  GiveBack(sql, statement);
  return result;
}

base::Result<> SqliteConnection::Step(sqlite3_stmt* statement, const RowVisitor& visit) {
  const Row row(statement);
  while (true) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) return {};
    if (code != SQLITE_ROW) return Failure(code, "statement failed");
    if (visit && !visit(row)) return {};
    if (Expired()) {
      return base::MakeError(base::ErrorCode::kTimeout, "catalog: the time limit ended the query");
    }
  }
}

void SqliteConnection::WatchLog() {
  sqlite3_wal_hook(
      database_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteConnection*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
}

base::Result<> SqliteConnection::Checkpoint(bool wait) {
  const int mode = wait ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(database_, nullptr, mode, nullptr, nullptr);
  if (code != SQLITE_OK) return Failure(code, "checkpoint");
  return {};
}

base::Result<> SqliteConnection::Sync(int which, std::string_view what) {
  sqlite3_file* file = nullptr;
  int code = sqlite3_file_control(database_, "main", which, static_cast<void*>(&file));
  if (code == SQLITE_OK && (file == nullptr || file->pMethods == nullptr)) code = SQLITE_CANTOPEN;
  if (code == SQLITE_OK) {
    code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
  }
  if (code == SQLITE_OK) return {};
  return base::MakeError(CodeOf(code),
                         fmt::format("catalog: cannot sync {}: {}", what, sqlite3_errstr(code)));
}

base::Result<> SqliteConnection::SyncLog() {
  return Sync(SQLITE_FCNTL_JOURNAL_POINTER, "the log");
}

base::Result<> SqliteConnection::SyncFile() {
  return Sync(SQLITE_FCNTL_FILE_POINTER, "the file");
}

std::int64_t SqliteConnection::changes() const {
  return sqlite3_changes64(database_);
}

std::int64_t SqliteConnection::last_id() const {
  return sqlite3_last_insert_rowid(database_);
}

bool SqliteConnection::in_transaction() const {
  return sqlite3_get_autocommit(database_) == 0;
}

}  // namespace tapiary::server
