#include "server/auth/tokens.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "server/auth/secret.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxNameLength = 63;

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

constexpr const char* kSelectInfo =
    "SELECT t.id, t.name, t.scope, t.created_ns, t.expires_ns, t.last_used_ns, t.revoked_ns, "
    "u.name, t.user_id FROM tokens t LEFT JOIN users u ON u.id = t.user_id ";

TokenInfo ToInfo(const SqlRow& row) {
  return {row.Int(0),          std::string(row.Text(1)), std::string(row.Text(2)),
          row.Int(3),          OptionalInt(row, 4),      OptionalInt(row, 5),
          OptionalInt(row, 6), std::string(row.Text(7)), row.Int(8)};
}

base::Error NoSuchToken(std::int64_t id) {
  return base::MakeError(base::ErrorCode::kNotFound,
                         "there is no token with id " + std::to_string(id));
}

base::Error WorksNoMore() {
  return base::MakeError(base::ErrorCode::kConflict, "the token works no more: make a new one");
}

base::Error WasReplaced(std::int64_t id, std::int64_t by) {
  return base::MakeError(base::ErrorCode::kConflict,
                         fmt::format("token {} ends soon and was replaced by token {}: rotate that "
                                     "one, or make a new one",
                                     id, by));
}

base::Result<std::int64_t> Insert(SqlWriter& writer, const NewToken& token,
                                  std::optional<std::int64_t> sensor_id, std::string_view text) {
  std::optional<std::int64_t> user_id;
  if (token.user_id != 0) user_id = token.user_id;
  const std::array<SqlValue, 7> row = {
      token.name,      std::string(ToString(token.scope)), ToValue(sensor_id), HashSecret(text),
      base::WallNow(), ToValue(token.expires_ns),          ToValue(user_id)};
  std::int64_t id = 0;
  TAPIARY_TRY(writer.Query(
      "INSERT INTO tokens (name, scope, sensor_id, hash, created_ns, expires_ns, user_id) "
      "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
      row, [&id](const SqlRow& added) {
        id = added.Int(0);
        return true;
      }));
  return id;
}

std::optional<Identity> ToIdentity(const SqlRow& row) {
  std::optional<Scope> scope = ParseScope(row.Text(2));
  if (scope && !row.IsNull(8)) {
    scope = std::min(*scope, ParseScope(row.Text(8)).value_or(Scope::kPublic));
  }
  if (!scope || *scope == Scope::kPublic) return std::nullopt;
  Identity identity;
  identity.scope = *scope;
  identity.token_id = row.Int(0);
  identity.token_name = row.Text(1);
  identity.sensor_id = row.Int(3);
  identity.sensor_name = row.Text(4);
  identity.expires_ns = row.Int(5);
  identity.user_id = row.Int(6);
  identity.user_name = row.Text(7);
  return identity;
}

base::Result<> CheckCount(SqlWriter& writer, std::int64_t user_id) {
  if (user_id == 0) return {};
  std::int64_t count = 0;
  const std::array<SqlValue, 2> key = {user_id, base::WallNow()};
  TAPIARY_TRY(
      writer.Query("SELECT COUNT(*) FROM tokens WHERE user_id = ? AND revoked_ns IS NULL "
                   "AND (expires_ns IS NULL OR expires_ns > ?)",
                   key, [&](const SqlRow& row) {
                     count = row.Int(0);
                     return false;
                   }));
  if (count < kMaxUserTokens) return {};
  return base::MakeError(base::ErrorCode::kConflict,
                         "this user has 50 tokens already: revoke one first");
}

// A token as it is, ready to be made once more.
struct Stored {
  NewToken token;
  std::optional<std::int64_t> sensor_id;
  std::int64_t created_ns = 0;
  bool revoked = false;
  std::int64_t replaced_by = 0;  // 0: by none
};
base::Result<Stored> FindStored(SqlWriter& writer, std::int64_t id) {
  std::optional<Stored> found;
  const std::array<SqlValue, 1> key = {id};
  TAPIARY_TRY(writer.Query(
      "SELECT name, scope, expires_ns, user_id, sensor_id, created_ns, revoked_ns, "
      "replaced_by FROM tokens WHERE id = ?",
      key, [&](const SqlRow& row) {
        const Scope scope = ParseScope(row.Text(1)).value_or(Scope::kPublic);
        found = Stored{{std::string(row.Text(0)), scope, OptionalInt(row, 2), row.Int(3)},
                       OptionalInt(row, 4),
                       row.Int(5),
                       !row.IsNull(6),
                       row.Int(7)};
        return false;
      }));
  if (!found) return NoSuchToken(id);
  return *std::move(found);
}

}  // namespace

base::Result<MadeToken> MakeToken(Catalog& catalog, const NewToken& token, const Actor& actor) {
  TAPIARY_TRY(Check(token));
  MadeToken made;
  TAPIARY_ASSIGN(made.text, MakeSecret(kTokenPrefix));
  const auto written = catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    std::optional<std::int64_t> sensor_id;
    if (token.scope == Scope::kSensor) {
      TAPIARY_ASSIGN(sensor_id, SensorId(writer, token.name, base::WallNow()));
    }
    TAPIARY_TRY(CheckCount(writer, token.user_id));
    TAPIARY_ASSIGN(made.id, Insert(writer, token, sensor_id, made.text));
    return AddAudit(writer, actor, "token create",
                    AuditDetail(made.id, token.name, ToString(token.scope)));
  });
  if (!written) return written.error();
  return made;
}

base::Result<std::string> CreateToken(Catalog& catalog, const NewToken& token) {
  TAPIARY_ASSIGN(MadeToken made, MakeToken(catalog, token, HostActor()));
  return std::move(made.text);
}

base::Result<MadeToken> RotateToken(Catalog& catalog, std::int64_t id, std::int64_t overlap_ns,
                                    const Actor& actor) {
  MadeToken made;
  TAPIARY_ASSIGN(made.text, MakeSecret(kTokenPrefix));
  const auto written = catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    const std::int64_t now_ns = base::WallNow();
    TAPIARY_ASSIGN(const Stored old, FindStored(writer, id));
    if (old.revoked || (old.token.expires_ns && *old.token.expires_ns <= now_ns)) {
      return WorksNoMore();
    }
    if (old.replaced_by != 0) return WasReplaced(id, old.replaced_by);
    NewToken token = old.token;
    if (token.expires_ns) token.expires_ns = now_ns + (*token.expires_ns - old.created_ns);
    const std::int64_t end_ns =
        std::min(old.token.expires_ns.value_or(std::numeric_limits<std::int64_t>::max()),
                 now_ns + overlap_ns);
    TAPIARY_TRY(CheckCount(writer, token.user_id));
    TAPIARY_ASSIGN(made.id, Insert(writer, token, old.sensor_id, made.text));
    const std::array<SqlValue, 3> change = {end_ns, made.id, id};
    TAPIARY_ASSIGN(const std::int64_t changed,
                   writer.Execute("UPDATE tokens SET expires_ns = ?, replaced_by = ? WHERE id = ? "
                                  "AND revoked_ns IS NULL AND replaced_by IS NULL",
                                  change));
    if (changed == 0) return WorksNoMore();  // revoked or rotated by somebody else just now
    return AddAudit(
        writer, actor, "token rotate",
        AuditDetail(made.id, token.name, ToString(token.scope)) + " old=" + std::to_string(id));
  });
  if (!written) return written.error();
  return made;
}

base::Result<std::vector<TokenInfo>> ListTokens(const Catalog& catalog, const TokenPage& page) {
  std::string sql = std::string(kSelectInfo) + "WHERE t.id > ?";
  std::vector<SqlValue> values = {page.after_id};
  if (page.user_id) {
    sql += " AND t.user_id = ?";
    values.emplace_back(*page.user_id);
  }
  values.emplace_back(page.limit);
  std::vector<TokenInfo> tokens;
  TAPIARY_TRY(catalog.Query(sql + " ORDER BY t.id LIMIT ?", values, [&](const SqlRow& row) {
    tokens.push_back(ToInfo(row));
    return true;
  }));
  return tokens;
}

base::Result<std::vector<TokenInfo>> ListTokens(const Catalog& catalog) {
  return ListTokens(catalog, {.limit = std::numeric_limits<std::int64_t>::max()});
}

base::Result<TokenInfo> FindToken(const Catalog& catalog, std::int64_t id) {
  std::optional<TokenInfo> found;
  const std::array<SqlValue, 1> key = {id};
  TAPIARY_TRY(
      catalog.QuickQuery(std::string(kSelectInfo) + "WHERE t.id = ?", key, [&](const SqlRow& row) {
        found = ToInfo(row);
        return false;
      }));
  if (!found) return NoSuchToken(id);
  return *std::move(found);
}

base::Result<> RevokeToken(Catalog& catalog, std::int64_t id, const Actor& actor) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_ASSIGN(const Stored old, FindStored(writer, id));
    if (old.revoked) return {};
    const std::array<SqlValue, 2> change = {base::WallNow(), id};
    TAPIARY_TRY(writer.Execute("UPDATE tokens SET revoked_ns = ? WHERE id = ?", change));
    return AddAudit(writer, actor, "token revoke",
                    AuditDetail(id, old.token.name, ToString(old.token.scope)));
  });
}

base::Result<Identity> FindIdentity(const Catalog& catalog, std::string_view token,
                                    std::int64_t now_ns) {
  std::optional<Identity> found;
  if (IsSecret(token, kTokenPrefix)) {
    // Looked up by the hash of 256 random bits, so the time that it takes tells nothing.
    const std::array<SqlValue, 2> values = {HashSecret(token), now_ns};
    TAPIARY_TRY(catalog.QuickQuery(
        "SELECT t.id, t.name, t.scope, t.sensor_id, s.name, t.expires_ns, u.id, u.name, u.role "
        "FROM tokens t LEFT JOIN sensors s ON s.id = t.sensor_id "
        "LEFT JOIN users u ON u.id = t.user_id "
        "WHERE t.hash = ? AND t.revoked_ns IS NULL AND (t.expires_ns IS NULL OR t.expires_ns > ?) "
        "AND u.disabled_ns IS NULL",
        values, [&](const SqlRow& row) {
          found = ToIdentity(row);
          return false;
        }));
  }
  if (found) return *std::move(found);
  return base::MakeError(base::ErrorCode::kPermission, "the token is not valid");
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
