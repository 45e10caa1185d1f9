#include "server/catalog/catalog.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "server/catalog/schema.h"
#include "server/catalog/sqlite.h"

namespace tapiary::server {
namespace {

// Log sizes in pages of 4 KiB: each 4 MiB are copied back without waiting for readers;
// at 32 MiB the writer waits for readers, which end within the read limit (CO-14).
constexpr int kCheckpointPages = 1024;
constexpr int kForcedCheckpointPages = 8192;
constexpr std::int64_t kForcedCheckpointPause = base::kNanosPerSecond;

constexpr const char* kCommonPragmas = "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;";
constexpr const char* kWriterPragmas =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 33554432;";

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
  [[nodiscard]] std::int64_t last_id() const override { return connection_.last_id(); }

 private:
  SqliteConnection& connection_;
};

}  // namespace

namespace {

// Connections that nobody uses at the moment. Any thread.
class ReaderPool {
 public:
  base::Result<std::unique_ptr<SqliteConnection>> Take(std::int64_t wait_ns) {
    std::unique_lock lock(mutex_);
    const auto wait = std::chrono::nanoseconds(wait_ns);
    if (!free_.wait_for(lock, wait, [this] { return stopped_ || !readers_.empty(); })) {
      return base::MakeError(base::ErrorCode::kUnavailable, "catalog: all readers are busy");
    }
    if (stopped_) return StopError();
    auto reader = std::move(readers_.back());
    readers_.pop_back();
    return reader;
  }
  void GiveBack(std::unique_ptr<SqliteConnection> reader) {
    {
      const std::lock_guard lock(mutex_);
      readers_.push_back(std::move(reader));
    }
    free_.notify_one();
  }
  // Those that wait, and all that come, get StopError.
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    free_.notify_all();
  }
  static base::Error StopError() {
    return base::MakeError(base::ErrorCode::kUnavailable, "catalog: the collector is stopping");
  }

 private:
  std::mutex mutex_;
  std::condition_variable free_;
  std::vector<std::unique_ptr<SqliteConnection>> readers_;
  bool stopped_ = false;
};

}  // namespace

struct Catalog::Impl {
  CatalogOptions options;
  std::mutex writer_mutex;  // guards the five below
  std::unique_ptr<SqliteConnection> writer;
  int copied_pages = 0;  // of the log, at the last try to copy it back
  std::int64_t next_forced_ns = 0;
  base::RateLimit checkpoint_log{60 * base::kNanosPerSecond};

  std::atomic<bool> stopping{false};  // before the readers, which look at it
  ReaderPool pool;
  ReaderPool quick_pool;

  base::Result<> AddReader(ReaderPool& to, const std::atomic<bool>* stop);
  base::Result<> RunIn(ReaderPool& readers, std::string_view sql, std::span<const SqlValue> values,
                       const RowVisitor& visit);
  base::Result<> WriteLocked(const std::function<base::Result<>(SqlWriter&)>& work);
  void KeepLogSmall();
};

base::Result<> Catalog::Impl::AddReader(ReaderPool& to, const std::atomic<bool>* stop) {
  TAPIARY_ASSIGN(auto reader, SqliteConnection::Open(options.path));
  TAPIARY_TRY(reader->Script(kCommonPragmas));
  TAPIARY_TRY(reader->Script("PRAGMA query_only = ON"));
  reader->SetStop(stop);
  to.GiveBack(std::move(reader));
  return {};
}

base::Result<> Catalog::Impl::RunIn(ReaderPool& readers, std::string_view sql,
                                    std::span<const SqlValue> values, const RowVisitor& visit) {
  TAPIARY_ASSIGN(auto reader, readers.Take(options.read_limit_ns));
  reader->SetDeadline(base::SteadyNow() + options.read_limit_ns);
  base::Result<> result = reader->Run(sql, values, visit);
  reader->SetDeadline(0);
  readers.GiveBack(std::move(reader));
  return result;
}

base::Result<> Catalog::Impl::WriteLocked(const std::function<base::Result<>(SqlWriter&)>& work) {
  TAPIARY_TRY(writer->Script("BEGIN IMMEDIATE"));
  Writer statements(*writer);
  base::Result<> result = work(statements);
  if (result) result = writer->Script("COMMIT");
  // A full disk may have ended the transaction already.
  if (!result && writer->in_transaction()) (void)writer->Script("ROLLBACK").has_value();
  return result;
}

// Failure is no failure of the write, which is durable in the log: it is tried again.
void Catalog::Impl::KeepLogSmall() {
  const int pages = writer->log_pages();
  if (pages < copied_pages) copied_pages = 0;  // it began anew
  const bool forced = pages >= kForcedCheckpointPages && base::SteadyNow() >= next_forced_ns;
  if (!forced && pages - copied_pages < kCheckpointPages) return;
  copied_pages = pages;
  const auto done = writer->Checkpoint(forced);
  if (!forced) return;
  next_forced_ns = base::SteadyNow() + kForcedCheckpointPause;
  std::uint64_t suppressed = 0;
  if (!done && checkpoint_log.Allow(&suppressed)) {
    base::LogWarning("catalog: the write-ahead log has {} pages and cannot be emptied: {}",
                     writer->log_pages(), done.error().message);
  }
}

Catalog::Catalog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Catalog::~Catalog() = default;

base::Result<std::unique_ptr<Catalog>> Catalog::Open(const CatalogOptions& options) {
  TAPIARY_TRY(MakeFile(options.path));
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  TAPIARY_ASSIGN(impl->writer, OpenWriter(options.path));
  for (int i = 0; i < options.readers; ++i) {
    TAPIARY_TRY(impl->AddReader(impl->pool, &impl->stopping));
  }
  TAPIARY_TRY(impl->AddReader(impl->quick_pool, nullptr));
  return std::unique_ptr<Catalog>(new Catalog(std::move(impl)));
}

base::Result<> Catalog::Query(std::string_view sql, std::span<const SqlValue> values,
                              const RowVisitor& visit) const {
  base::Result<> result = impl_->RunIn(impl_->pool, sql, values, visit);
  if (!result && impl_->stopping) return ReaderPool::StopError();
  return result;
}

base::Result<> Catalog::QuickQuery(std::string_view sql, std::span<const SqlValue> values,
                                   const RowVisitor& visit) const {
  return impl_->RunIn(impl_->quick_pool, sql, values, visit);
}

void Catalog::RequestStop() {
  impl_->stopping = true;
  impl_->pool.Stop();
}

base::Result<> Catalog::Write(const std::function<base::Result<>(SqlWriter&)>& work) {
  const std::lock_guard lock(impl_->writer_mutex);
  TAPIARY_TRY(impl_->WriteLocked(work));
  impl_->KeepLogSmall();
  return {};
}

base::Result<> AddAudit(SqlWriter& writer, std::string_view actor, std::string_view action,
                        std::string_view detail) {
  const std::vector<SqlValue> values{base::WallNow(), base::EscapeBytes(actor),
                                     base::EscapeBytes(action), base::EscapeBytes(detail)};
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO audit (time_ns, actor, action, detail) VALUES (?, ?, ?, ?)", values));
  return {};
}

}  // namespace tapiary::server
