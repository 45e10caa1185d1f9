#include "server/auth/users.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "server/auth/tokens.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxName = 32;
constexpr const char* kColumns =
    "id, name, role, password, created_ns, disabled_ns, last_login_ns, must_change";

std::optional<std::int64_t> OptionalInt(const SqlRow& row, std::size_t column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Int(column);
}

User ToUser(const SqlRow& row) {
  User user;
  user.id = row.Int(0);
  user.name = row.Text(1);
  user.role = ParseRole(row.Text(2)).value_or(Scope::kViewer);
  user.password = row.Text(3);
  user.created_ns = row.Int(4);
  user.disabled_ns = OptionalInt(row, 5);
  user.last_login_ns = OptionalInt(row, 6);
  user.must_change = row.Int(7) != 0;
  return user;
}

base::Error NoSuchUser(std::string_view name) {
  return base::MakeError(base::ErrorCode::kNotFound,
                         "there is no user \"" + base::EscapeBytes(name) + "\"");
}

base::Result<User> Find(SqlWriter& writer, std::string_view name) {
  std::optional<User> found;
  const std::array<SqlValue, 1> key = {std::string(name)};
  TAPIARY_TRY(writer.Query(std::string("SELECT ") + kColumns + " FROM users WHERE name = ?", key,
                           [&](const SqlRow& row) {
                             found = ToUser(row);
                             return false;
                           }));
  if (!found) return NoSuchUser(name);
  return *std::move(found);
}

base::Result<std::int64_t> CountRows(SqlWriter& writer, std::string_view sql,
                                     std::span<const SqlValue> values) {
  std::int64_t count = 0;
  TAPIARY_TRY(writer.Query(sql, values, [&](const SqlRow& row) {
    count = row.Int(0);
    return false;
  }));
  return count;
}

// Takes the rows of all administrators for this transaction, so that of two who remove each other
// at once one fails; then asks whether another one is left.
base::Result<> NeedAnotherAdmin(SqlWriter& writer, const User& user) {
  if (user.role != Scope::kAdmin || user.disabled_ns) return {};
  TAPIARY_TRY(writer.Execute("UPDATE users SET role = role WHERE role = 'admin'", {}));
  const std::array<SqlValue, 1> key = {user.id};
  TAPIARY_ASSIGN(const std::int64_t others,
                 CountRows(writer,
                           "SELECT COUNT(*) FROM users WHERE role = 'admin' AND disabled_ns IS "
                           "NULL AND id <> ?",
                           key));
  if (others > 0) return {};
  return base::MakeError(base::ErrorCode::kConflict,
                         "this is the last administrator: make another one first");
}

base::Result<> EndSessionsOf(SqlWriter& writer, std::int64_t user_id) {
  const std::array<SqlValue, 1> key = {user_id};
  TAPIARY_TRY(writer.Execute("DELETE FROM sessions WHERE user_id = ?", key));
  return {};
}

std::string Detail(const User& user) {
  return "id=" + std::to_string(user.id) + " name=" + user.name;
}

base::Result<> Check(const NewUser& user) {
  if (!IsUserName(user.name)) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "a user's name is 1 to 32 of a-z, 0-9, '.', '_' and '-', beginning with "
                           "a letter or digit, and not \"me\": \"" +
                               base::EscapeBytes(user.name.substr(0, 2 * kMaxName)) + "\"");
  }
  if (user.role < Scope::kViewer || user.hash.empty()) {
    return base::MakeError(base::ErrorCode::kInvalid, "a user needs a role and a password");
  }
  return {};
}

}  // namespace

bool IsUserName(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto allowed = [&](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= kMaxName && name != "me" && alphanumeric(name.front()) &&
         std::ranges::all_of(name, allowed);
}

std::optional<Scope> ParseRole(std::string_view text) {
  const auto scope = ParseScope(text);
  return scope && *scope >= Scope::kViewer ? scope : std::nullopt;
}

base::Result<> CreateUser(Catalog& catalog, const NewUser& user, const Actor& actor) {
  TAPIARY_TRY(Check(user));
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_ASSIGN(const std::int64_t count, CountRows(writer, "SELECT COUNT(*) FROM users", {}));
    if (count >= static_cast<std::int64_t>(kMaxUsers)) {
      return base::MakeError(base::ErrorCode::kTooLarge, "there are 1,000 users already");
    }
    const std::string role(ToString(user.role));
    const std::array<SqlValue, 5> row = {user.name, role, user.hash, base::WallNow(),
                                         std::int64_t{user.must_change}};
    TAPIARY_ASSIGN(const std::int64_t added,
                   writer.Execute("INSERT INTO users (name, role, password, created_ns, "
                                  "must_change) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                                  row));
    if (added == 0) {
      return base::MakeError(base::ErrorCode::kExists, "there is a user \"" + user.name + "\"");
    }
    return AddAudit(writer, actor, "user create", "name=" + user.name + " role=" + role);
  });
}

base::Result<std::vector<User>> ListUsers(const Catalog& catalog) {
  std::vector<User> users;
  const std::string sql = std::string("SELECT ") + kColumns +
                          ", (SELECT COUNT(*) FROM sessions s WHERE s.user_id = users.id) "
                          "FROM users ORDER BY name";
  TAPIARY_TRY(catalog.Query(sql, {}, [&](const SqlRow& row) {
    users.push_back(ToUser(row));
    users.back().sessions = row.Int(8);
    return true;
  }));
  return users;
}

base::Result<User> FindUser(const Catalog& catalog, std::string_view name) {
  std::optional<User> found;
  const std::array<SqlValue, 1> key = {std::string(name)};
  TAPIARY_TRY(catalog.QuickQuery(std::string("SELECT ") + kColumns + " FROM users WHERE name = ?",
                                 key, [&](const SqlRow& row) {
                                   found = ToUser(row);
                                   return false;
                                 }));
  if (!found) return NoSuchUser(name);
  return *std::move(found);
}

base::Result<> ChangeUser(Catalog& catalog, std::string_view name, const UserChange& change,
                          const Actor& actor) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_ASSIGN(const User user, Find(writer, name));
    const Scope role = change.role.value_or(user.role);
    const bool disabled = change.disabled.value_or(user.disabled_ns.has_value());
    if (role < Scope::kViewer) return base::MakeError(base::ErrorCode::kInvalid, "no such role");
    if (role != Scope::kAdmin || disabled) TAPIARY_TRY(NeedAnotherAdmin(writer, user));
    SqlValue disabled_ns = nullptr;
    if (disabled) disabled_ns = user.disabled_ns.value_or(base::WallNow());
    const std::array<SqlValue, 3> values = {std::string(ToString(role)), disabled_ns, user.id};
    TAPIARY_TRY(writer.Execute("UPDATE users SET role = ?, disabled_ns = ? WHERE id = ?", values));
    if (disabled) TAPIARY_TRY(EndSessionsOf(writer, user.id));
    return AddAudit(writer, actor, "user change",
                    Detail(user) + " role=" + std::string(ToString(role)) +
                        (disabled ? " disabled" : " enabled"));
  });
}

base::Result<> SetPassword(Catalog& catalog, std::string_view name, std::string_view hash,
                           bool must_change, const Actor& actor) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_ASSIGN(const User user, Find(writer, name));
    const std::array<SqlValue, 3> values = {std::string(hash), std::int64_t{must_change}, user.id};
    TAPIARY_TRY(
        writer.Execute("UPDATE users SET password = ?, must_change = ? WHERE id = ?", values));
    TAPIARY_TRY(EndSessionsOf(writer, user.id));
    return AddAudit(writer, actor, "user password", Detail(user));
  });
}

base::Result<> RemoveUser(Catalog& catalog, std::string_view name, const Actor& actor) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_ASSIGN(const User user, Find(writer, name));
    TAPIARY_TRY(NeedAnotherAdmin(writer, user));
    TAPIARY_TRY(EndSessionsOf(writer, user.id));
    const std::array<SqlValue, 2> end = {base::WallNow(), user.id};
    TAPIARY_TRY(writer.Execute(
        "UPDATE tokens SET revoked_ns = ? WHERE user_id = ? AND revoked_ns IS NULL", end));
    const std::array<SqlValue, 1> key = {user.id};
    TAPIARY_TRY(writer.Execute("UPDATE tokens SET user_id = NULL WHERE user_id = ?", key));
    TAPIARY_TRY(writer.Execute("DELETE FROM user_places WHERE user_id = ?", key));
    TAPIARY_TRY(writer.Execute("DELETE FROM users WHERE id = ?", key));
    return AddAudit(writer, actor, "user remove", Detail(user));
  });
}

base::Result<bool> HasUsers(const Catalog& catalog) {
  bool found = false;
  TAPIARY_TRY(catalog.QuickQuery("SELECT id FROM users LIMIT 1", {}, [&](const SqlRow&) {
    found = true;
    return false;
  }));
  return found;
}

}  // namespace tapiary::server
