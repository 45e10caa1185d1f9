#include "server/auth/tokens.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

constexpr std::string_view kPrefix = "tap_";
constexpr std::size_t kMaxTokenLength = 100;
constexpr std::size_t kMaxNameLength = 63;
constexpr std::int64_t kUseInterval = 60 * base::kNanosPerSecond;
constexpr std::size_t kMaxUses = 10'000;
constexpr std::string_view kActor = "operator";

std::vector<std::uint8_t> HashOf(std::string_view token) {
  const base::Sha256Digest digest = base::Sha256Of(base::AsBytes(token));
  return {digest.begin(), digest.end()};
}

// Base64 with the alphabet for URLs, without padding (RFC 4648 section 5).
std::string ToBase64Url(base::Bytes bytes) {
  std::string text = base::ToBase64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

base::Result<std::string> MakeToken() {
  std::array<std::uint8_t, 32> secret;
  if (RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1) {
    return base::MakeError(base::ErrorCode::kInternal, "the system gives no random bytes");
  }
  return std::string(kPrefix) + ToBase64Url(secret);
}

bool IsSensorName(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= kMaxNameLength && alphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return alphanumeric(c) || c == '-'; });
}

base::Result<> Check(const NewToken& token) {
  if (token.scope == Scope::kPublic) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "a token's scope is sensor, viewer, analyst or admin");
  }
  if (token.scope == Scope::kSensor && !IsSensorName(token.name)) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "a sensor's name is 1 to 63 of a-z, 0-9 and -, not starting with -: \"" +
                               base::EscapeBytes(token.name) + "\"");
  }
  // Printable as it is, so that lists and the log show what was given.
  if (token.name.empty() || token.name.size() > kMaxNameLength ||
      base::EscapeBytes(token.name) != token.name) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "a token's name is 1 to 63 bytes of printable text");
  }
  return {};
}

base::Result<std::int64_t> SensorId(SqlWriter& writer, const std::string& name,
                                    std::int64_t now_ns) {
  const std::array<SqlValue, 2> row = {name, now_ns};
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO sensors (name, created_ns) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", row));
  std::int64_t id = 0;
  const std::array<SqlValue, 1> key = {name};
  TAPIARY_TRY(writer.Query("SELECT id FROM sensors WHERE name = ?", key, [&](const SqlRow& found) {
    id = found.Int(0);
    return false;
  }));
  return id;
}

std::optional<std::int64_t> OptionalInt(const SqlRow& row, std::size_t column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Int(column);
}

SqlValue ToValue(const std::optional<std::int64_t>& number) {
  if (!number) return nullptr;
  return *number;
}

std::string AuditDetail(std::int64_t id, std::string_view name, std::string_view scope) {
  return "id=" + std::to_string(id) + " name=" + std::string(name) + " scope=" + std::string(scope);
}

base::Result<> Insert(SqlWriter& writer, const NewToken& token, std::string_view text,
                      std::int64_t now_ns) {
  const std::string scope(ToString(token.scope));
  SqlValue sensor = nullptr;
  if (token.scope == Scope::kSensor) {
    TAPIARY_ASSIGN(sensor, SensorId(writer, token.name, now_ns));
  }
  const std::array<SqlValue, 6> row = {token.name,   scope,  sensor,
                                       HashOf(text), now_ns, ToValue(token.expires_ns)};
  std::int64_t id = 0;
  TAPIARY_TRY(
      writer.Query("INSERT INTO tokens (name, scope, sensor_id, hash, created_ns, expires_ns) "
                   "VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
                   row, [&id](const SqlRow& added) {
                     id = added.Int(0);
                     return true;
                   }));
  return AddAudit(writer, kActor, "token create", AuditDetail(id, token.name, scope));
}

// When the use of each token was written last.
class Uses {
 public:
  bool Due(const Catalog& catalog, std::int64_t token_id, std::int64_t now_ns) {
    const std::lock_guard lock(mutex_);
    // Forgetting costs one write per token more; it keeps the map small.
    if (written_.size() >= kMaxUses) written_.clear();
    const auto [entry, fresh] = written_.try_emplace({&catalog, token_id}, now_ns);
    const std::int64_t age_ns = now_ns - entry->second;
    // Negative: the clock was set back.
    if (!fresh && age_ns >= 0 && age_ns < kUseInterval) return false;
    entry->second = now_ns;
    return true;
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<const Catalog*, std::int64_t>, std::int64_t> written_;  // guarded by mutex_
};

}  // namespace

base::Result<std::string> CreateToken(Catalog& catalog, const NewToken& token) {
  TAPIARY_TRY(Check(token));
  TAPIARY_ASSIGN(std::string text, MakeToken());
  const auto written = catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    return Insert(writer, token, text, base::WallNow());
  });
  if (!written) return written.error();
  return text;
}

base::Result<std::vector<TokenInfo>> ListTokens(const Catalog& catalog) {
  std::vector<TokenInfo> tokens;
  TAPIARY_TRY(catalog.Query(
      "SELECT id, name, scope, created_ns, expires_ns, last_used_ns, revoked_ns FROM tokens "
      "ORDER BY id",
      {}, [&](const SqlRow& row) {
        tokens.push_back({row.Int(0), std::string(row.Text(1)), std::string(row.Text(2)),
                          row.Int(3), OptionalInt(row, 4), OptionalInt(row, 5),
                          OptionalInt(row, 6)});
        return true;
      }));
  return tokens;
}

base::Result<> RevokeToken(Catalog& catalog, std::int64_t id) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    std::optional<std::string> detail;
    bool revoked = false;
    const std::array<SqlValue, 1> key = {id};
    TAPIARY_TRY(writer.Query("SELECT name, scope, revoked_ns FROM tokens WHERE id = ?", key,
                             [&](const SqlRow& row) {
                               detail = AuditDetail(id, row.Text(0), row.Text(1));
                               revoked = !row.IsNull(2);
                               return false;
                             }));
    if (!detail) {
      return base::MakeError(base::ErrorCode::kNotFound,
                             "there is no token with id " + std::to_string(id));
    }
    if (revoked) return {};
    const std::array<SqlValue, 2> change = {base::WallNow(), id};
    TAPIARY_TRY(writer.Execute("UPDATE tokens SET revoked_ns = ? WHERE id = ?", change));
    return AddAudit(writer, kActor, "token revoke", *detail);
  });
}

base::Result<Identity> FindIdentity(const Catalog& catalog, std::string_view token,
                                    std::int64_t now_ns) {
  const auto refused = [] {
    return base::MakeError(base::ErrorCode::kPermission, "the token is not valid");
  };
  if (token.size() > kMaxTokenLength || !token.starts_with(kPrefix)) return refused();
  // Looked up by the hash of 256 random bits, so the time that it takes tells nothing about others.
  const std::array<SqlValue, 2> values = {HashOf(token), now_ns};
  std::optional<Identity> identity;
  TAPIARY_TRY(catalog.QuickQuery(
      "SELECT t.id, t.name, t.scope, t.sensor_id, s.name FROM tokens t "
      "LEFT JOIN sensors s ON s.id = t.sensor_id "
      "WHERE t.hash = ? AND t.revoked_ns IS NULL AND (t.expires_ns IS NULL OR t.expires_ns > ?)",
      values, [&](const SqlRow& row) {
        const std::optional<Scope> scope = ParseScope(row.Text(2));
        if (scope) {
          identity = Identity{*scope, row.Int(0), std::string(row.Text(1)), row.Int(3),
                              std::string(row.Text(4))};
        }
        return false;
      }));
  if (!identity) return refused();
  return *std::move(identity);
}

void NoteUse(Catalog& catalog, std::int64_t token_id, std::int64_t now_ns) {
  static Uses uses;
  if (!uses.Due(catalog, token_id, now_ns)) return;
  const auto written = catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    const std::array<SqlValue, 2> change = {now_ns, token_id};
    TAPIARY_TRY(writer.Execute("UPDATE tokens SET last_used_ns = ? WHERE id = ?", change));
    return {};
  });
  if (!written) base::LogWarning("the use of a token was not noted: {}", written.error().message);
}

std::string_view ToString(Scope scope) {
  switch (scope) {
    case Scope::kPublic:
      return "public";
    case Scope::kSensor:
      return "sensor";
    case Scope::kViewer:
      return "viewer";
    case Scope::kAnalyst:
      return "analyst";
    case Scope::kAdmin:
      return "admin";
  }
  return "public";
}

std::optional<Scope> ParseScope(std::string_view text) {
  for (const Scope scope :
       {Scope::kPublic, Scope::kSensor, Scope::kViewer, Scope::kAnalyst, Scope::kAdmin}) {
    if (text == ToString(scope)) return scope;
  }
  return std::nullopt;
}

}  // namespace tapiary::server
