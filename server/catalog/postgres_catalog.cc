#include "server/catalog/postgres_catalog.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "server/catalog/connection_pool.h"
#include "server/catalog/postgres.h"
#include "server/catalog/postgres_bulk.h"
#include "server/catalog/postgres_parts.h"
#include "server/catalog/postgres_sql.h"
#include "server/catalog/postgres_statistics.h"
#include "server/catalog/schema.h"

namespace tapiary::server {
namespace {

constexpr int kQuickReaders = 2;
// Writers queue behind each other at most this long; then the sender is told to try again.
constexpr std::int64_t kWriterWaitNs = 10 * base::kNanosPerSecond;
constexpr std::int64_t kMigrationLock = 0x74617069617279;  // "tapiary"
constexpr std::size_t kMaxPassword = 4096;

base::Result<std::string> ReadPassword(const std::string& path) {
  if (path.empty()) return std::string();
  TAPIARY_ASSIGN(std::string text, base::ReadFile(path, kMaxPassword));
  return text.substr(0, text.find_first_of("\r\n"));
}

base::Result<std::int64_t> ReadVersion(PostgresConnection& connection) {
  std::int64_t version = 0;
  TAPIARY_TRY(
      connection.Run("SELECT version FROM schema_version", {}, [&version](const SqlRow& row) {
        version = row.Int(0);
        return false;
      }));
  return version;
}

// Whether a schema of before, with its rows, was updated.
base::Result<bool> ApplySteps(PostgresConnection& connection) {
  const auto steps = SchemaSteps();
  TAPIARY_ASSIGN(const std::int64_t version, ReadVersion(connection));
  const auto known = static_cast<std::int64_t>(steps.size());
  if (version < 0 || version > known) {
    return base::MakeError(
        base::ErrorCode::kCorrupt,
        fmt::format("catalog: the database has schema version {}, this program knows versions up "
                    "to {}: use the newer tapiary-collector that wrote it",
                    version, known));
  }
  if (version == known) return false;
  TAPIARY_TRY(connection.Script(PostgresFunctions()));
  for (auto step = static_cast<std::size_t>(version); step < steps.size(); ++step) {
    const std::string script = PostgresStep(steps[step]);
    if (script.find_first_not_of(" \n") == script.npos) continue;  // for SQLite only
    TAPIARY_TRY(connection.Script(script));
  }
  TAPIARY_TRY(connection.Script(
      fmt::format("DELETE FROM schema_version; INSERT INTO schema_version VALUES ({})", known)));
  return version > 0;
}

// All missing steps, or none. Of collectors that start at once one applies them.
base::Result<bool> Migrate(PostgresConnection& connection) {
  TAPIARY_TRY(
      connection.Script(fmt::format("BEGIN; SELECT pg_advisory_xact_lock({})", kMigrationLock)));
  const auto made =
      connection.Script("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)");
  const base::Result<bool> applied =
      made ? ApplySteps(connection) : base::Result<bool>(made.error());
  const auto ended = connection.Script(applied ? "COMMIT" : "ROLLBACK");
  if (applied && !ended) return ended.error();
  return applied;
}

base::Error ExistsError() {
  return base::MakeError(base::ErrorCode::kExists, "catalog: some rows may be there");
}

bool Exists(const base::Result<>& result) {
  return !result && result.error().code == base::ErrorCode::kExists;
}

class Writer final : public SqlWriter {
 public:
  Writer(PostgresConnection& connection, RowsWritten* written)
      : connection_(connection), written_(*written) {}
  base::Result<std::int64_t> Execute(std::string_view sql,
                                     std::span<const SqlValue> values) override {
    TAPIARY_TRY(connection_.Run(sql, values, {}));
    if (const auto table = InsertedTable(sql); !table.empty()) Count(table, connection_.changes());
    return connection_.changes();
  }
  base::Result<> Query(std::string_view sql, std::span<const SqlValue> values,
                       const RowVisitor& visit) override {
    return connection_.Run(sql, values, visit);
  }
  // COPY knows no ON CONFLICT: one row that is there makes it fail. Rows that are most likely new
  // go at once; else, or when that failed, those that are there are looked for; and when another
  // collector commits some meanwhile, they go one by one. What other parts of the table have is
  // known before.
  base::Result<> InsertNew(const NewRows& rows, std::vector<std::size_t>* existing) override {
    std::vector<std::size_t> elsewhere;
    std::string table(rows.table);
    if (rows.over_parts && !rows.values.empty()) {
      TAPIARY_ASSIGN(table, FindElsewhere(connection_, rows, &elsewhere));
    } else if (rows.time != 0 && !rows.values.empty()) {
      const auto received_ns = std::get<std::int64_t>(rows.values[rows.time]);
      TAPIARY_ASSIGN(table, PartAt(connection_, rows.table, received_ns));
    }
    Count(table, static_cast<std::int64_t>(rows.values.size() / rows.width));
    std::vector<std::size_t> found = elsewhere;
    const auto copy = [&] { return CopyRows(connection_, rows, found); };
    base::Result<> done = rows.fresh ? Attempt(copy) : ExistsError();
    if (Exists(done) && rows.keys == 0) return done;  // by what would one be found
    if (Exists(done)) {
      TAPIARY_TRY(FindExisting(connection_, rows, table, &found));
      done = Attempt(copy);
    }
    if (Exists(done)) {
      found = elsewhere;
      done = InsertEach(connection_, rows, elsewhere, &found);
    }
    existing->insert(existing->end(), found.begin(), found.end());
    std::ranges::sort(*existing);
    return done;
  }
  // An array, which is made first, so that the rows are gone to directly. The condition is there
  // twice, since ctid alone says nothing about a row that was replaced meanwhile.
  base::Result<> DeleteSome(const OldRows& rows, const RowVisitor& visit) override {
    const std::string sql = fmt::format(
        "DELETE FROM {0} r WHERE r.ctid = ANY (ARRAY(SELECT r.ctid FROM {0} r WHERE {1} ORDER BY "
        "{2} LIMIT ?)) AND {1} RETURNING {3}",
        rows.table, rows.where, rows.order, rows.returned);
    std::vector<SqlValue> values(rows.values.begin(), rows.values.end());
    values.emplace_back(rows.limit);
    values.insert(values.end(), rows.values.begin(), rows.values.end());
    return connection_.Run(sql, values, visit);
  }
  [[nodiscard]] bool has_address_lists() const override { return false; }
  base::Result<> DropPart(const TimePart& part) override {
    return server::DropPart(connection_, part);
  }
  base::Result<> Attempt(const std::function<base::Result<>()>& work) override {
    TAPIARY_TRY(connection_.Script("SAVEPOINT attempt"));
    const base::Result<> done = work();
    if (!done) TAPIARY_TRY(connection_.Script("ROLLBACK TO attempt"));
    TAPIARY_TRY(connection_.Script("RELEASE attempt"));
    return done;
  }

 private:
  // About: what is taken back again counts as well.
  void Count(std::string_view table, std::int64_t rows) {
    auto found = written_.find(table);
    if (found == written_.end()) found = written_.emplace(table, 0).first;
    found->second += rows;
  }

  PostgresConnection& connection_;
  RowsWritten& written_;
};

class PostgresCatalog final : public Catalog {
 public:
  explicit PostgresCatalog(CatalogOptions options) : options_(std::move(options)) {}
  base::Result<> Start();
  base::Result<> Query(std::string_view sql, std::span<const SqlValue> values,
                       const RowVisitor& visit) const override;
  base::Result<> QuickQuery(std::string_view sql, std::span<const SqlValue> values,
                            const RowVisitor& visit) const override {
    return Read(quick_readers_, nullptr, sql, values, visit);
  }
  void RequestStop() override;
  base::Result<std::vector<TimePart>> TimeParts() const override;
  base::Result<> MakeTimeParts(std::int64_t now_ns) override;
  base::Result<> Write(const std::function<base::Result<>(SqlWriter&)>& work) override;

 private:
  // A place in a pool, with a connection or none yet.
  struct Slot {
    std::unique_ptr<PostgresConnection> connection;
  };
  using Pool = ConnectionPool<Slot>;

  base::Result<std::unique_ptr<PostgresConnection>> Connect() const;
  base::Result<> ConnectReader(Slot& slot, const std::atomic<bool>* stop) const;
  base::Result<> Read(Pool& pool, const std::atomic<bool>* stop, std::string_view sql,
                      std::span<const SqlValue> values, const RowVisitor& visit) const;
  base::Result<> Begin(Slot& slot);
  base::Result<> WriteOn(Slot& slot, const std::function<base::Result<>(SqlWriter&)>& work);

  CatalogOptions options_;
  std::string password_;
  std::atomic<bool> stopping_{false};  // before the readers, which look at it
  mutable Pool readers_;
  mutable Pool quick_readers_;
  Pool writers_;
  std::unique_ptr<PostgresStatistics> statistics_;
};

base::Result<std::unique_ptr<PostgresConnection>> PostgresCatalog::Connect() const {
  return PostgresConnection::Open(options_.url, password_);
}

// The server's own limit is for the case that this program is gone or stuck. Starting workers takes
// 40 ms, more than most questions: only those over millions of rows are worth it.
base::Result<> PostgresCatalog::ConnectReader(Slot& slot, const std::atomic<bool>* stop) const {
  TAPIARY_ASSIGN(auto connection, Connect());
  TAPIARY_TRY(connection->Script(
      fmt::format("SET default_transaction_read_only = on; SET statement_timeout = {}; "
                  "SET jit = off; SET parallel_setup_cost = 100000",
                  options_.read_limit_ns / 1'000'000 + 2'000)));
  connection->SetStop(stop);
  slot.connection = std::move(connection);
  return {};
}

base::Result<> PostgresCatalog::Start() {
  TAPIARY_TRY(CheckPostgresUrl(options_.url));
  TAPIARY_ASSIGN(password_, ReadPassword(options_.password_file));
  TAPIARY_ASSIGN(const auto connection, Connect());
  TAPIARY_ASSIGN(const bool updated, Migrate(*connection));
  if (const auto made = MakeParts(*connection, base::WallNow()); !made) {
    base::LogWarning("catalog: {}; the parts of the coming days are made later",
                     made.error().message);
  }
  const auto fill = [](Pool& pool, int count) {
    for (int i = 0; i < count; ++i) pool.GiveBack(std::make_unique<Slot>());
  };
  fill(readers_, options_.readers);
  fill(quick_readers_, kQuickReaders);
  fill(writers_, options_.writers);
  statistics_ = std::make_unique<PostgresStatistics>([this] { return Connect(); });
  if (!updated) return {};
  TAPIARY_ASSIGN(const auto parts, ReadParts(*connection));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool first = i == 0 || parts[i].table != parts[i - 1].table;
    if (first) statistics_->NoteUnknown(parts[i].name);
  }
  return {};
}

// A connection may have broken while it lay idle: as long as no row was seen, a new one is tried.
base::Result<> PostgresCatalog::Read(Pool& pool, const std::atomic<bool>* stop,
                                     std::string_view sql, std::span<const SqlValue> values,
                                     const RowVisitor& visit) const {
  TAPIARY_ASSIGN(auto slot, pool.Take(options_.read_limit_ns));
  bool seen = false;
  const RowVisitor watched = [&](const SqlRow& row) {
    seen = true;
    return !visit || visit(row);
  };
  base::Result<> result;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const bool fresh = slot->connection == nullptr;
    result = fresh ? ConnectReader(*slot, stop) : base::Result<>();
    if (!result) break;
    slot->connection->SetDeadline(base::SteadyNow() + options_.read_limit_ns);
    result = slot->connection->Run(sql, values, watched);
    slot->connection->SetDeadline(0);
    if (slot->connection->alive()) break;
    slot->connection.reset();
    if (fresh || seen || result) break;
  }
  pool.GiveBack(std::move(slot));
  return result;
}

base::Result<> PostgresCatalog::Query(std::string_view sql, std::span<const SqlValue> values,
                                      const RowVisitor& visit) const {
  base::Result<> result = Read(readers_, &stopping_, sql, values, visit);
  if (!result && stopping_) return Pool::StopError();
  return result;
}

void PostgresCatalog::RequestStop() {
  stopping_ = true;
  readers_.Stop();
}

base::Result<std::vector<TimePart>> PostgresCatalog::TimeParts() const {
  TAPIARY_ASSIGN(const auto connection, Connect());
  return ReadParts(*connection);
}

base::Result<> PostgresCatalog::MakeTimeParts(std::int64_t now_ns) {
  TAPIARY_ASSIGN(const auto connection, Connect());
  return MakeParts(*connection, now_ns);
}

// An idle connection that turns out to be broken is replaced; nothing was written by it.
base::Result<> PostgresCatalog::Begin(Slot& slot) {
  if (slot.connection) {
    const auto begun = slot.connection->Script("BEGIN");
    if (begun || slot.connection->alive()) return begun;
    slot.connection.reset();
  }
  TAPIARY_ASSIGN(slot.connection, Connect());
  // All that writers look for, they look for by a key. A plan made while a table was small, or with
  // no statistics yet, must not scan it once it is large. Where there is no other way than what is
  // off, a plan is so dear that the server would compile it each time.
  TAPIARY_TRY(slot.connection->Script(
      "SET synchronous_commit = on; SET enable_seqscan = off; "
      "SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off"));
  return slot.connection->Script("BEGIN");
}

base::Result<> PostgresCatalog::WriteOn(Slot& slot,
                                        const std::function<base::Result<>(SqlWriter&)>& work) {
  TAPIARY_TRY(Begin(slot));
  RowsWritten written;
  Writer statements(*slot.connection, &written);
  base::Result<> result = work(statements);
  if (result) {
    result = slot.connection->Script("COMMIT");
    if (result) statistics_->Note(written);
  } else if (slot.connection->alive()) {
    (void)slot.connection->Script("ROLLBACK").has_value();
  }
  return result;
}

base::Result<> PostgresCatalog::Write(const std::function<base::Result<>(SqlWriter&)>& work) {
  TAPIARY_ASSIGN(auto slot, writers_.Take(kWriterWaitNs));
  base::Result<> result = WriteOn(*slot, work);
  if (slot->connection && !slot->connection->alive()) slot->connection.reset();
  writers_.GiveBack(std::move(slot));
  return result;
}

}  // namespace

base::Result<std::unique_ptr<Catalog>> OpenPostgresCatalog(const CatalogOptions& options) {
  auto catalog = std::make_unique<PostgresCatalog>(options);
  TAPIARY_TRY(catalog->Start());
  return std::unique_ptr<Catalog>(std::move(catalog));
}

}  // namespace tapiary::server
