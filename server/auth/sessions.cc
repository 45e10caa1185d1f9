#include "server/auth/sessions.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "server/auth/secret.h"
#include "server/auth/tokens.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxAgent = 200;

SqlValue IdOrNull(std::int64_t id) {
  if (id == 0) return nullptr;
  return id;
}

// Bytes of a header as text that every store takes.
std::string Shown(std::string_view text, std::size_t most) {
  return base::EscapeBytes(text.substr(0, most));
}

// All but the newest of the same owner.
base::Result<> EndTooMany(SqlWriter& writer, const NewSession& session) {
  const std::string owner = session.user_id != 0 ? "user_id" : "token_id";
  const std::int64_t id = session.user_id != 0 ? session.user_id : session.token_id;
  const std::array<SqlValue, 3> values = {id, id, kMaxSessions};
  TAPIARY_TRY(writer.Execute("DELETE FROM sessions WHERE " + owner +
                                 " = ? AND id NOT IN (SELECT id FROM sessions WHERE " + owner +
                                 " = ? ORDER BY id DESC LIMIT ?)",
                             values));
  return {};
}

// The user's role, at most the token's scope.
Scope ScopeOf(const SqlRow& row, std::size_t role, std::size_t scope) {
  if (row.IsNull(scope)) return ParseScope(row.Text(role)).value_or(Scope::kPublic);
  const Scope token = ParseScope(row.Text(scope)).value_or(Scope::kPublic);
  if (row.IsNull(role)) return token;
  return std::min(token, ParseScope(row.Text(role)).value_or(Scope::kPublic));
}

}  // namespace

base::Result<std::string> BeginSession(SqlWriter& writer, const NewSession& session,
                                       const SessionLimits& limits, std::int64_t now_ns) {
  TAPIARY_ASSIGN(std::string text, MakeSecret(kSessionPrefix));
  const std::array<SqlValue, 8> row = {IdOrNull(session.user_id),
                                       IdOrNull(session.token_id),
                                       HashSecret(text),
                                       now_ns,
                                       now_ns,
                                       now_ns + limits.absolute_ns,
                                       Shown(session.peer, kMaxAgent),
                                       Shown(session.agent, kMaxAgent)};
  TAPIARY_TRY(
      writer.Execute("INSERT INTO sessions (user_id, token_id, hash, created_ns, last_used_ns, "
                     "expires_ns, peer, agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                     row));
  TAPIARY_TRY(EndTooMany(writer, session));
  return text;
}

base::Result<Identity> FindSession(const Catalog& catalog, std::string_view text,
                                   const SessionLimits& limits, std::int64_t now_ns) {
  std::optional<Identity> found;
  if (IsSecret(text, kSessionPrefix)) {
    // Looked up by the hash of 256 random bits, so the time that it takes tells nothing.
    const std::array<SqlValue, 4> values = {HashSecret(text), now_ns, now_ns - limits.idle_ns,
                                            now_ns};
    TAPIARY_TRY(catalog.QuickQuery(
        "SELECT s.id, s.expires_ns, u.id, u.name, u.role, u.must_change, t.id, t.name, t.scope "
        "FROM sessions s LEFT JOIN users u ON u.id = s.user_id "
        "LEFT JOIN tokens t ON t.id = s.token_id "
        "WHERE s.hash = ? AND s.expires_ns > ? AND s.last_used_ns > ? AND u.disabled_ns IS NULL "
        "AND t.revoked_ns IS NULL AND (t.expires_ns IS NULL OR t.expires_ns > ?)",
        values, [&](const SqlRow& row) {
          Identity identity;
          identity.session_id = row.Int(0);
          identity.expires_ns = row.Int(1);
          identity.user_id = row.Int(2);
          identity.user_name = row.Text(3);
          identity.scope = ScopeOf(row, 4, 8);
          identity.must_change = row.Int(5) != 0 && row.IsNull(6);
          identity.token_id = row.Int(6);
          identity.token_name = row.Text(7);
          if (identity.scope >= Scope::kViewer) found = std::move(identity);
          return false;
        }));
  }
  if (found) return *std::move(found);
  return base::MakeError(base::ErrorCode::kPermission, "the session is over");
}

base::Result<> EndSession(SqlWriter& writer, std::int64_t id) {
  const std::array<SqlValue, 1> key = {id};
  TAPIARY_TRY(writer.Execute("DELETE FROM sessions WHERE id = ?", key));
  return {};
}

base::Result<> EndSession(SqlWriter& writer, std::string_view text) {
  if (!IsSecret(text, kSessionPrefix)) return {};
  const std::array<SqlValue, 1> key = {HashSecret(text)};
  TAPIARY_TRY(writer.Execute("DELETE FROM sessions WHERE hash = ?", key));
  return {};
}

base::Result<> RemoveOldSessions(SqlWriter& writer, const SessionLimits& limits,
                                 std::int64_t now_ns) {
  const std::array<SqlValue, 2> values = {now_ns, now_ns - limits.idle_ns};
  TAPIARY_TRY(
      writer.Execute("DELETE FROM sessions WHERE expires_ns <= ? OR last_used_ns <= ?", values));
  return {};
}

base::Result<std::vector<SessionInfo>> ListSessions(const Catalog& catalog,
                                                    std::optional<std::int64_t> user_id,
                                                    const SessionLimits& limits,
                                                    std::int64_t now_ns) {
  std::string sql =
      "SELECT s.id, u.name, t.name, s.created_ns, s.last_used_ns, s.expires_ns, s.peer, s.agent, "
      "s.user_id FROM sessions s LEFT JOIN users u ON u.id = s.user_id "
      "LEFT JOIN tokens t ON t.id = s.token_id WHERE s.expires_ns > ? AND s.last_used_ns > ?";
  std::vector<SqlValue> values = {now_ns, now_ns - limits.idle_ns};
  if (user_id) {
    sql += " AND s.user_id = ?";
    values.emplace_back(*user_id);
  }
  std::vector<SessionInfo> sessions;
  TAPIARY_TRY(catalog.Query(sql + " ORDER BY s.id DESC LIMIT 1000", values, [&](const SqlRow& row) {
    sessions.push_back({row.Int(0), std::string(row.Text(1)), std::string(row.Text(2)), row.Int(3),
                        row.Int(4), row.Int(5), std::string(row.Text(6)), std::string(row.Text(7)),
                        row.Int(8)});
    return true;
  }));
  return sessions;
}

}  // namespace tapiary::server
