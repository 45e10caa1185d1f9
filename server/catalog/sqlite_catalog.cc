#include "server/catalog/sqlite_catalog.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "server/catalog/connection_pool.h"
#include "server/catalog/log_copier.h"
#include "server/catalog/log_sync.h"
#include "server/catalog/schema.h"
#include "server/catalog/sqlite.h"
#include "server/catalog/sqlite_parts.h"
#include "server/catalog/write_queue.h"

namespace tapiary::server {
namespace {

// Log sizes in pages of 16 KiB (4 KiB in files that an older version made): each 32 MiB are copied
// back beside the writer, without waiting for readers; at 128 MiB the writer waits for readers,
// which end within the read limit (CO-14). What is written again and again (the ends of indexes) is
// copied once a time.
constexpr int kCheckpointPages = 2048;
constexpr int kForcedCheckpointPages = 8192;
constexpr std::int64_t kForcedCheckpointPause = base::kNanosPerSecond;

// What one transaction takes up for all that wait, at most.
constexpr std::size_t kGroupSize = 64;
constexpr std::chrono::milliseconds kGroupTime{20};

constexpr const char* kCommonPragmas = "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;";
// A new file's pages are large, since a batch fills many; the writer keeps those that it writes
// again in memory, and what a savepoint needs to be taken back too: in a file, each savepoint
// would write every page that it touches. A commit does not sync: LogSync does, after it. What is
// deleted is overwritten only where its page is written anyhow: the pages of a part that is dropped
// are not.
constexpr const char* kWriterPragmas =
    "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
    "PRAGMA journal_size_limit = 134217728; PRAGMA cache_size = -65536; "
    "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = FAST;";

// SQLite gives its log files the mode of the database, so the mode is set before it opens it.
base::Result<> MakeFile(const std::string& path) {
  const base::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return base::Error::FromErrno(errno, "cannot open catalog " + path);
  if (::fchmod(fd.get(), 0600) != 0) {
    return base::Error::FromErrno(errno, "cannot set the mode of " + path);
  }
  return {};
}

base::Result<std::int64_t> ReadVersion(SqliteConnection& connection) {
  std::int64_t version = 0;
  TAPIARY_TRY(connection.Run("PRAGMA user_version", {}, [&version](const SqlRow& row) {
    version = row.Int(0);
    return true;
  }));
  return version;
}

base::Result<> ApplySteps(SqliteConnection& connection, const std::string& path) {
  const auto steps = SchemaSteps();
  TAPIARY_ASSIGN(const std::int64_t version, ReadVersion(connection));
  const auto known = static_cast<std::int64_t>(steps.size());
  if (version < 0 || version > known) {
    return base::MakeError(
        base::ErrorCode::kCorrupt,
        fmt::format("catalog {} has schema version {}, this program knows versions up to {}: use "
                    "the newer tapiary-collector that wrote it",
                    path, version, known));
  }
  if (version == known) return {};
  for (auto step = static_cast<std::size_t>(version); step < steps.size(); ++step) {
    TAPIARY_TRY(connection.Script(steps[step]));
  }
  return connection.Script(fmt::format("PRAGMA user_version = {}", known));
}

// All missing steps, or none. Two programs that start at once apply them once.
base::Result<> Migrate(SqliteConnection& connection, const std::string& path) {
  TAPIARY_TRY(connection.Script("BEGIN IMMEDIATE"));
  base::Result<> applied = ApplySteps(connection, path);
  if (applied) applied = connection.Script("COMMIT");
  if (!applied && connection.in_transaction()) (void)connection.Script("ROLLBACK").has_value();
  return applied;
}

base::Result<std::unique_ptr<SqliteConnection>> OpenWriter(const std::string& path) {
  TAPIARY_ASSIGN(auto connection, SqliteConnection::Open(path));
  TAPIARY_TRY(connection->Script(kCommonPragmas));
  TAPIARY_TRY(connection->Script(kWriterPragmas));
  TAPIARY_TRY(Migrate(*connection, path));
  connection->WatchLog();
  return connection;
}

class Writer final : public SqlWriter {
 public:
  explicit Writer(SqliteConnection& connection) : connection_(connection) {}
  base::Result<std::int64_t> Execute(std::string_view sql,
                                     std::span<const SqlValue> values) override {
    TAPIARY_TRY(connection_.Run(sql, values, {}));
    return connection_.changes();
  }
  base::Result<> Query(std::string_view sql, std::span<const SqlValue> values,
                       const RowVisitor& visit) override {
    return connection_.Run(sql, values, visit);
  }
  base::Result<> InsertNew(const NewRows& rows, std::vector<std::size_t>* existing) override {
    if (rows.time != 0) return InsertIntoParts(connection_, rows, existing);
    return connection_.RunEach(InsertText(rows.table, rows), rows.values, rows.width, existing);
  }
  base::Result<> DeleteSome(const OldRows& rows, const RowVisitor& visit) override {
    if (FindPartedTable(rows.table) != nullptr) return DeleteFromParts(connection_, rows, visit);
    std::vector<SqlValue> values(rows.values.begin(), rows.values.end());
    values.emplace_back(rows.limit);
    return connection_.Run(DeleteText(rows.table, rows), values, visit);
  }
  base::Result<> DropPart(const TimePart& part) override {
    return DropSqlitePart(connection_, part);
  }
  base::Result<> Attempt(const std::function<base::Result<>()>& work) override {
    TAPIARY_TRY(connection_.Script("SAVEPOINT attempt"));
    const base::Result<> done = work();
    if (!done && connection_.in_transaction()) {
      TAPIARY_TRY(connection_.Script("ROLLBACK TO attempt"));
    }
    if (connection_.in_transaction()) TAPIARY_TRY(connection_.Script("RELEASE attempt"));
    return done;
  }

 private:
  SqliteConnection& connection_;
};

class SqliteCatalog final : public Catalog {
 public:
  explicit SqliteCatalog(CatalogOptions options) : options_(std::move(options)) {}
  base::Result<> Start();
  base::Result<> Query(std::string_view sql, std::span<const SqlValue> values,
                       const RowVisitor& visit) const override;
  base::Result<> QuickQuery(std::string_view sql, std::span<const SqlValue> values,
                            const RowVisitor& visit) const override;
  [[nodiscard]] base::Result<std::vector<TimePart>> TimeParts() const override;
  base::Result<> MakeTimeParts(std::int64_t now_ns) override;
  void RequestStop() override;
  base::Result<> Write(const WriteWork& work) override {
    return WriteInTurn({.work = work, .shared = false, .repeatable = false});
  }
  base::Result<> WriteShared(const WriteWork& work) override {
    return WriteInTurn({.work = work, .shared = true, .repeatable = false});
  }
  base::Result<> WriteRepeatable(const WriteWork& work) override {
    return WriteInTurn({.work = work, .shared = true, .repeatable = true});
  }

 private:
  using Pool = ConnectionPool<SqliteConnection>;
  base::Result<> FreePart(const std::string& name);
  base::Result<> ReadThrough(const std::string& part) const;
  base::Result<> AddReader(Pool& to, const std::atomic<bool>* stop);
  base::Result<> AddHelpers();
  base::Result<> RunIn(Pool& readers, std::string_view sql, std::span<const SqlValue> values,
                       const RowVisitor& visit) const;
  base::Result<> WriteInTurn(WriteJob job);
  void WriteGroup(WriteJob& first);
  base::Result<> WriteOne(const WriteWork& work, bool savepoint);
  void WriteSingly(std::span<WriteJob* const> jobs, const WriteJob& first);
  base::Result<> Commit();
  base::Result<> SyncLog();
  void KeepLogSmall();
  void EmptyLog(int pages);
  void CopyLog();

  CatalogOptions options_;
  std::unique_ptr<SqliteConnection> syncer_;   // of log_sync_
  std::unique_ptr<SqliteConnection> copying_;  // of log_copier_'s thread
  std::atomic<bool> syncing_{false};
  LogSync log_sync_{[this] { return SyncLog(); }};
  WriteQueue queue_;  // whose turn it is may use the four below
  std::unique_ptr<SqliteConnection> writer_;
  int copied_pages_ = 0;  // of the log, at the last try to copy it back
  std::int64_t next_forced_ns_ = 0;
  base::RateLimit checkpoint_log_{60 * base::kNanosPerSecond};

  std::atomic<bool> stopping_{false};  // before the readers, which look at it
  mutable Pool pool_;
  mutable Pool quick_pool_;
  std::unique_ptr<LogCopier> log_copier_;  // ends first
};

base::Result<> SqliteCatalog::AddReader(Pool& to, const std::atomic<bool>* stop) {
  TAPIARY_ASSIGN(auto reader, SqliteConnection::Open(options_.path));
  TAPIARY_TRY(reader->Script(kCommonPragmas));
  TAPIARY_TRY(reader->Script("PRAGMA query_only = ON; PRAGMA cache_size = -16384"));
  reader->SetStop(stop);
  to.GiveBack(std::move(reader));
  return {};
}

base::Result<> SqliteCatalog::RunIn(Pool& readers, std::string_view sql,
                                    std::span<const SqlValue> values,
                                    const RowVisitor& visit) const {
  TAPIARY_ASSIGN(auto reader, readers.Take(options_.read_limit_ns));
  reader->SetDeadline(base::SteadyNow() + options_.read_limit_ns);
  base::Result<> result = reader->Run(sql, values, visit);
  reader->SetDeadline(0);
  readers.GiveBack(std::move(reader));
  return result;
}

// Within a transaction that has others' work already, a failure takes back this work only; without
// a savepoint, all.
base::Result<> SqliteCatalog::WriteOne(const WriteWork& work, bool savepoint) {
  const bool begins = !writer_->in_transaction();
  if (begins) TAPIARY_TRY(writer_->Script("BEGIN IMMEDIATE"));
  const bool member = savepoint && !begins;
  if (member) TAPIARY_TRY(writer_->Script("SAVEPOINT member"));
  Writer statements(*writer_);
  const base::Result<> done = work(statements);
  // A full disk may have ended the transaction already.
  if (!done && writer_->in_transaction()) {
    (void)writer_->Script(member ? "ROLLBACK TO member" : "ROLLBACK").has_value();
  }
  if (!member || !writer_->in_transaction()) return done;
  const base::Result<> released = writer_->Script("RELEASE member");
  if (released) return done;
  (void)writer_->Script("ROLLBACK").has_value();
  return released;
}

base::Result<> SqliteCatalog::Commit() {
  const base::Result<> done = writer_->Script("COMMIT");
  if (!done && writer_->in_transaction()) (void)writer_->Script("ROLLBACK").has_value();
  return done;
}

base::Result<> SqliteCatalog::SyncLog() {
  syncing_ = true;
  base::Result<> done = syncer_->SyncLog();
  syncing_ = false;
  queue_.Poke();
  return done;
}

// Each in a transaction of its own, in the order in which they came.
void SqliteCatalog::WriteSingly(std::span<WriteJob* const> jobs, const WriteJob& first) {
  for (WriteJob* const job : jobs) {
    job->result = WriteOne(job->work, false);
    if (job->result) job->result = Commit();
    if (job->result) job->commit = log_sync_.Committed();
    if (job != &first) queue_.Finish(*job);
  }
}

// Only what is repeatable is done twice: of other work, what was written before somebody's
// statement ended the transaction for all is told as failed, as if its own commit had failed.
//
// While the log is being synced, a commit would only wait for the next sync: what comes until then
// shares it, and pages that many write are written to the log once.
void SqliteCatalog::WriteGroup(WriteJob& first) {
  const auto end = std::chrono::steady_clock::now() + kGroupTime;
  std::vector<WriteJob*> written;
  const auto finish_written = [&](const base::Result<>& result) {
    const std::uint64_t commit = result ? log_sync_.Committed() : 0;
    for (WriteJob* job : written) {
      job->result = result;
      job->commit = commit;
      if (job != &first) queue_.Finish(*job);
    }
    written.clear();
  };
  std::size_t size = 0;
  bool repeatable = true;  // all that is in the transaction
  for (WriteJob* job = &first; job != nullptr;) {
    repeatable &= job->repeatable;
    job->result = WriteOne(job->work, !repeatable);
    if (!job->result && repeatable && !written.empty()) {
      written.push_back(job);
      return WriteSingly(written, first);
    }
    if (!job->result && !writer_->in_transaction()) finish_written(job->result);
    if (job->result) {
      written.push_back(job);
    } else if (job != &first) {
      queue_.Finish(*job);
    }
    const bool more = first.shared && ++size < kGroupSize && std::chrono::steady_clock::now() < end;
    job = more ? queue_.AwaitNext([this] { return syncing_.load(); }, end) : nullptr;
  }
  if (!written.empty()) finish_written(Commit());
}

// What is in a log that could not be synced is written once more, into the file: before that,
// nothing can be promised.
base::Result<> SqliteCatalog::WriteInTurn(WriteJob job) {
  if (queue_.Enter(job)) {
    if (log_sync_.broken()) {
      log_copier_->WaitUntilIdle();
      job.result = log_sync_.Repair([this] { return writer_->Checkpoint(true); });
    }
    if (job.result) WriteGroup(job);
    KeepLogSmall();
    queue_.Leave();
  }
  if (!job.result) return std::move(job.result);
  return log_sync_.Wait(job.commit);
}

// Nearly all of the log is copied by a thread of its own. What came meanwhile is little, and is
// copied in the writer's turn, so that the log begins anew.
void SqliteCatalog::KeepLogSmall() {
  const int pages = writer_->log_pages();
  if (pages < copied_pages_) copied_pages_ = 0;  // it began anew
  const bool large = pages >= kForcedCheckpointPages && base::SteadyNow() >= next_forced_ns_;
  if (large) log_copier_->WaitUntilIdle();
  if (log_copier_->TakeDone()) {
    (void)writer_->Checkpoint(false).has_value();
    copied_pages_ = pages;
  } else if (large) {
    EmptyLog(pages);
  } else if (pages - copied_pages_ >= kCheckpointPages) {
    log_copier_->Ask();
  }
}

// Failure is no failure of the write, which is durable in the log: it is tried again.
void SqliteCatalog::EmptyLog(int pages) {
  copied_pages_ = pages;
  const auto done = writer_->Checkpoint(true);
  next_forced_ns_ = base::SteadyNow() + kForcedCheckpointPause;
  std::uint64_t suppressed = 0;
  if (!done && checkpoint_log_.Allow(&suppressed)) {
    base::LogWarning("catalog: the write-ahead log has {} pages and cannot be emptied: {}",
                     writer_->log_pages(), done.error().message);
  }
}

// What fails here fails in the writer's turn too.
void SqliteCatalog::CopyLog() {
  if (copying_->Checkpoint(false)) (void)copying_->SyncFile().has_value();
}

// Reading opens the log.
base::Result<> SqliteCatalog::AddHelpers() {
  for (auto* const helper : {&syncer_, &copying_}) {
    TAPIARY_ASSIGN(*helper, SqliteConnection::Open(options_.path));
    TAPIARY_TRY((*helper)->Script("PRAGMA synchronous = NORMAL; SELECT COUNT(*) FROM sensors"));
  }
  TAPIARY_TRY(syncer_->SyncLog());  // it is there, and can be synced
  log_copier_ = std::make_unique<LogCopier>([this] { CopyLog(); });
  return {};
}

base::Result<> SqliteCatalog::Start() {
  TAPIARY_TRY(MakeFile(options_.path));
  TAPIARY_ASSIGN(writer_, OpenWriter(options_.path));
  TAPIARY_TRY(AddHelpers());
  for (int i = 0; i < options_.readers; ++i) TAPIARY_TRY(AddReader(pool_, &stopping_));
  return AddReader(quick_pool_, nullptr);
}

base::Result<> SqliteCatalog::Query(std::string_view sql, std::span<const SqlValue> values,
                                    const RowVisitor& visit) const {
  base::Result<> result = RunIn(pool_, sql, values, visit);
  if (!result && stopping_) return Pool::StopError();
  return result;
}

base::Result<> SqliteCatalog::QuickQuery(std::string_view sql, std::span<const SqlValue> values,
                                         const RowVisitor& visit) const {
  return RunIn(quick_pool_, sql, values, visit);
}

base::Result<std::vector<TimePart>> SqliteCatalog::TimeParts() const {
  std::vector<TimePart> parts;
  const std::vector<SqlValue> dropped{std::string(kDroppedParts)};
  TAPIARY_TRY(
      QuickQuery("SELECT name, of_table, from_ns, to_ns FROM time_parts WHERE of_table <> ? "
                 "ORDER BY of_table, from_ns",
                 dropped, [&parts](const SqlRow& row) {
                   parts.push_back({std::string(row.Text(0)), std::string(row.Text(1)), row.Int(2),
                                    row.Int(3)});
                   return true;
                 }));
  return parts;
}

// The rows of a part that was dropped, by their ids, so that a step ends within the time limit.
base::Result<> SqliteCatalog::ReadThrough(const std::string& part) const {
  constexpr std::int64_t kStep = 100'000;
  std::int64_t last = 0;
  TAPIARY_TRY(Query(fmt::format("SELECT COALESCE(MAX(id), 0) FROM {}", part), {},
                    [&last](const SqlRow& row) {
                      last = row.Int(0);
                      return true;
                    }));
  for (std::int64_t id = 0; id <= last; id += kStep) {
    TAPIARY_TRY(Query(fmt::format("SELECT COUNT(*) FROM {} NOT INDEXED WHERE id BETWEEN {} AND {}",
                                  part, id, id + kStep - 1),
                      {}, [](const SqlRow&) { return true; }));
  }
  return {};
}

// Freeing a page reads it. Those that are not in memory are read before, while others can write.
base::Result<> SqliteCatalog::FreePart(const std::string& name) {
  TAPIARY_TRY(ReadThrough(name));
  for (bool more = true; more && !stopping_;) {
    TAPIARY_TRY(Write([&](SqlWriter&) -> base::Result<> {
      TAPIARY_ASSIGN(more, FreeSome(*writer_, name));
      return {};
    }));
  }
  return {};
}

base::Result<> SqliteCatalog::MakeTimeParts(std::int64_t /*now_ns*/) {
  std::vector<std::string> dropped;
  const std::vector<SqlValue> table{std::string(kDroppedParts)};
  TAPIARY_TRY(QuickQuery("SELECT name FROM time_parts WHERE of_table = ?", table,
                         [&dropped](const SqlRow& row) {
                           dropped.emplace_back(row.Text(0));
                           return true;
                         }));
  for (const std::string& name : dropped) TAPIARY_TRY(FreePart(name));
  return {};
}

void SqliteCatalog::RequestStop() {
  stopping_ = true;
  pool_.Stop();
}

}  // namespace

base::Result<std::unique_ptr<Catalog>> OpenSqliteCatalog(const CatalogOptions& options) {
  auto catalog = std::make_unique<SqliteCatalog>(options);
  TAPIARY_TRY(catalog->Start());
  return std::unique_ptr<Catalog>(std::move(catalog));
}

}  // namespace tapiary::server
