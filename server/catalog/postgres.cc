#include "server/catalog/postgres.h"

#include <fmt/core.h>
#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "server/catalog/postgres_row.h"
#include "server/catalog/postgres_sql.h"

namespace tapiary::server {
namespace {

constexpr int kOldestServer = 130000;  // 13.0; older ones get no corrections any more
constexpr std::size_t kPreparedStatements = 128;
constexpr int kWaitStepMilliseconds = 50;
// Rows read over before the rest of an unwanted result is cancelled.
constexpr int kUnwantedRows = 1000;
constexpr std::size_t kCopyPart = 64 * 1024;
// A server that does not even answer a cancelled statement is gone.
constexpr std::int64_t kCancelGraceNs = 5 * base::kNanosPerSecond;

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;
Result Own(PGresult* result) {
  return {result, &PQclear};
}

std::string Trimmed(const char* text) {
  std::string out = text != nullptr ? text : "";
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  for (char& c : out) {
    if (c == '\n') c = ' ';
  }
  return out;
}

// By SQLSTATE (PostgreSQL manual, appendix A), class or whole.
base::ErrorCode CodeOf(std::string_view state) {
  using enum base::ErrorCode;
  if (state == "23505") return kExists;
  if (state == "57014") return kTimeout;      // cancelled, by us or by its time limit
  if (state == "42P01") return kUnavailable;  // a part of a table that retention just removed
  if (state == "54000" || state == "54001") return kTooLarge;
  if (state.starts_with("22")) return kInvalid;  // data: also text that is no UTF-8
  for (const std::string_view passing : {"08", "40", "53", "55", "57", "58", "25006", "28", "3D"}) {
    if (state.starts_with(passing)) return kUnavailable;
  }
  return state.empty() ? kUnavailable : kInternal;
}

constexpr Oid kInt8 = 20, kText = 25, kFloat8 = 701, kBytea = 17, kUnknown = 0;

Oid TypeOf(const SqlValue& value) {
  constexpr std::array kTypes{kUnknown, kInt8, kFloat8, kText, kBytea};
  return kTypes[value.index()];
}

// Values as libpq takes them. Numbers are written as text; blobs stay bytes.
struct Parameters {
  explicit Parameters(std::span<const SqlValue> values) {
    texts.reserve(values.size());
    for (const SqlValue& value : values) Add(value);
  }
  void Add(const SqlValue& value) {
    if (const auto* blob = std::get_if<std::vector<std::uint8_t>>(&value)) {
      return Add(blob->empty() ? "" : reinterpret_cast<const char*>(blob->data()), blob->size(), 1);
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
      return Add(text->c_str(), text->size(), 0);
    }
    if (std::holds_alternative<std::nullptr_t>(value)) return Add(nullptr, 0, 0);
    const auto* number = std::get_if<std::int64_t>(&value);
    texts.push_back(number != nullptr ? std::to_string(*number)
                                      : fmt::format("{}", std::get<double>(value)));
    Add(texts.back().c_str(), texts.back().size(), 0);
  }
  void Add(const char* data, std::size_t size, int format) {
    pointers.push_back(data);
    lengths.push_back(static_cast<int>(size));
    formats.push_back(format);
  }
  std::vector<std::string> texts;  // never grows past its reserve, so that pointers stay
  std::vector<const char*> pointers;
  std::vector<int> lengths, formats;
};

// A text with NUL would be cut there by libpq.
bool HasNul(std::span<const SqlValue> values) {
  for (const SqlValue& value : values) {
    const auto* text = std::get_if<std::string>(&value);
    if (text != nullptr && text->find('\0') != std::string::npos) return true;
  }
  return false;
}

}  // namespace

base::Result<> CheckPostgresUrl(const std::string& url) {
  const auto invalid = [](const char* text) {
    return base::MakeError(base::ErrorCode::kInvalid, text);
  };
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://")) {
    return invalid("not a postgresql:// URL");
  }
  char* message = nullptr;
  PQconninfoOption* const options = PQconninfoParse(url.c_str(), &message);
  PQfreemem(message);  // it may repeat a part of the URL
  if (options == nullptr) return invalid("not a URL that PostgreSQL's library understands");
  bool password = false;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    const bool secret = std::string_view(option->keyword) == "password" ||
                        std::string_view(option->keyword) == "sslpassword";
    if (secret && option->val != nullptr) password = true;
  }
  PQconninfoFree(options);
  if (password) {
    return invalid(
        "a password in the URL is seen by others: use a password file, PGPASSWORD or "
        "~/.pgpass");
  }
  return {};
}

base::Result<std::unique_ptr<PostgresConnection>> PostgresConnection::Open(
    const std::string& url, const std::string& password) {
  // What stands before dbname may be set otherwise by the URL; what stands behind may not.
  const char* keys[] = {"connect_timeout",
                        "keepalives_idle",
                        "keepalives_interval",
                        "keepalives_count",
                        "tcp_user_timeout",
                        "fallback_application_name",
                        "dbname",
                        "client_encoding",
                        password.empty() ? nullptr : "password",
                        nullptr};
  const char* values[] = {"5",         "10",    "5",
                          "3",         "15000", "tapiary-collector",
                          url.c_str(), "UTF8",  password.empty() ? nullptr : password.c_str(),
                          nullptr};
  std::unique_ptr<PostgresConnection> connection(
      new PostgresConnection(PQconnectdbParams(keys, values, 1)));
  PGconn* const raw = connection->connection_;
  if (raw == nullptr || PQstatus(raw) != CONNECTION_OK) {
    return base::MakeError(base::ErrorCode::kUnavailable,
                           "catalog: cannot connect: " + Trimmed(raw ? PQerrorMessage(raw) : ""));
  }
  PQsetNoticeProcessor(
      raw, [](void*, const char*) {}, nullptr);
  if (PQserverVersion(raw) < kOldestServer) {
    return base::MakeError(base::ErrorCode::kUnsupported,
                           fmt::format("catalog: PostgreSQL {} is too old, 13 or newer is needed",
                                       PQparameterStatus(raw, "server_version")));
  }
  return connection;
}

PostgresConnection::~PostgresConnection() {
  PQfinish(connection_);
}

bool PostgresConnection::alive() const {
  return PQstatus(connection_) == CONNECTION_OK;
}

bool PostgresConnection::Expired() const {
  if (stop_ != nullptr && *stop_) return true;
  return deadline_ns_ != 0 && base::SteadyNow() > deadline_ns_;
}

// Only the server's primary text: details may repeat values, which may be secret.
base::Error PostgresConnection::Failure(const pg_result* result) const {
  const char* state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  const char* text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
  const base::ErrorCode code =
      alive() ? CodeOf(state != nullptr ? state : "") : base::ErrorCode::kUnavailable;
  return base::MakeError(
      code, "catalog: " + Trimmed(text != nullptr ? text : PQerrorMessage(connection_)));
}

base::Result<> PostgresConnection::Script(const std::string& sql) {
  if (PQsendQuery(connection_, sql.c_str()) == 0) return Failure(nullptr);
  return Receive({});
}

base::Result<std::string> PostgresConnection::Prepare(std::string_view sql,
                                                      std::span<const SqlValue> values) {
  std::string key;
  std::vector<Oid> types;
  for (const SqlValue& value : values) {
    key += static_cast<char>('0' + value.index());
    types.push_back(TypeOf(value));
  }
  key += sql;
  if (const auto found = prepared_.find(key); found != prepared_.end()) return found->second;
  if (prepared_.size() >= kPreparedStatements) {  // filters make ever new texts
    TAPIARY_TRY(Script("DEALLOCATE ALL"));
    prepared_.clear();
  }
  std::string name = fmt::format("s{}", ++next_name_);
  if (PQsendPrepare(connection_, name.c_str(), NumberParameters(sql).c_str(),
                    static_cast<int>(types.size()), types.data()) == 0) {
    return Failure(nullptr);
  }
  TAPIARY_TRY(Receive({}));
  prepared_.emplace(std::move(key), name);
  return name;
}

base::Result<> PostgresConnection::Run(std::string_view sql, std::span<const SqlValue> values,
                                       const RowVisitor& visit) {
  if (HasNul(values)) return base::MakeError(base::ErrorCode::kInvalid, "catalog: NUL in a text");
  TAPIARY_ASSIGN(const std::string name, Prepare(sql, values));
  const Parameters parameters(values);
  if (PQsendQueryPrepared(connection_, name.c_str(), static_cast<int>(values.size()),
                          parameters.pointers.data(), parameters.lengths.data(),
                          parameters.formats.data(), 0) == 0) {
    return Failure(nullptr);
  }
  if (visit) PQsetSingleRowMode(connection_);
  return Receive(visit);
}

base::Result<> PostgresConnection::Copy(const std::string& sql, std::string_view data) {
  if (PQsendQuery(connection_, sql.c_str()) == 0) return Failure(nullptr);
  TAPIARY_ASSIGN(PGresult* const raw, Next());
  const Result begun = Own(raw);
  if (PQresultStatus(raw) != PGRES_COPY_IN) {
    const base::Error error = Failure(raw);
    (void)Receive({}).has_value();
    return error;
  }
  bool sent = true;
  for (std::size_t at = 0; sent && at < data.size(); at += kCopyPart) {
    const std::string_view part = data.substr(at, kCopyPart);
    sent = PQputCopyData(connection_, part.data(), static_cast<int>(part.size())) == 1;
  }
  if (!sent || PQputCopyEnd(connection_, nullptr) != 1) return Failure(nullptr);
  return Receive({});
}

void PostgresConnection::Cancel() {
  if (std::exchange(cancelled_, true)) return;
  cancelled_at_ns_ = base::SteadyNow();
  PGcancel* const cancel = PQgetCancel(connection_);
  if (cancel == nullptr) return;
  std::array<char, 256> ignored{};
  (void)PQcancel(cancel, ignored.data(), static_cast<int>(ignored.size()));
  PQfreeCancel(cancel);
}

base::Result<> PostgresConnection::WaitForInput(int milliseconds) {
  const int unsent = PQflush(connection_);
  if (unsent < 0) return Failure(nullptr);
  const short events = static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
  pollfd socket{.fd = PQsocket(connection_), .events = events, .revents = 0};
  if (::poll(&socket, 1, milliseconds) < 0 && errno != EINTR) {
    return base::Error::FromErrno(errno, "catalog: poll");
  }
  if ((socket.revents & (POLLIN | POLLERR | POLLHUP)) == 0) return {};
  if (PQconsumeInput(connection_) == 0) return Failure(nullptr);
  return {};
}

base::Result<pg_result*> PostgresConnection::Next() {
  while (PQisBusy(connection_) != 0) {
    if (Expired()) Cancel();
    if (cancelled_ && base::SteadyNow() - cancelled_at_ns_ > kCancelGraceNs) {
      PQreset(connection_);  // whatever it still sends is nothing that we wait for
      prepared_.clear();
      return base::MakeError(base::ErrorCode::kUnavailable, "catalog: the server does not answer");
    }
    TAPIARY_TRY(WaitForInput(kWaitStepMilliseconds));
  }
  return PQgetResult(connection_);
}

// Reads to the end whatever happens, so that the connection can take the next statement.
base::Result<> PostgresConnection::Receive(const RowVisitor& visit) {
  base::Result<> outcome;
  cancelled_ = false;
  int unwanted = 0;
  while (true) {
    TAPIARY_ASSIGN(PGresult* const raw, Next());
    if (raw == nullptr) break;
    const Result result = Own(raw);
    switch (PQresultStatus(raw)) {
      case PGRES_SINGLE_TUPLE:
        if (unwanted != 0 || !outcome) {
          if (++unwanted == kUnwantedRows) Cancel();
        } else if (!visit(PostgresRow(raw))) {
          unwanted = 1;
        } else if (Expired()) {
          outcome = base::MakeError(base::ErrorCode::kTimeout, "catalog: the time limit passed");
          Cancel();
        }
        break;
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        changes_ = std::strtoll(PQcmdTuples(raw), nullptr, 10);
        break;
      default:
        if (outcome && unwanted == 0) outcome = Failure(raw);
    }
  }
  if (std::exchange(cancelled_, false)) AbsorbCancel();
  return outcome;
}

// A cancel that came when the statement had just ended would meet the next one.
void PostgresConnection::AbsorbCancel() {
  if (!alive()) return;
  (void)Own(PQexec(connection_, "SELECT 1"));
}

}  // namespace tapiary::server
