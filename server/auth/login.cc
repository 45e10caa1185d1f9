#include "server/auth/login.h"

#include <array>
#include <atomic>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/auth/tokens.h"
#include "server/auth/users.h"
#include "server/auth/uses.h"
#include "server/catalog/audit_row.h"
#include "server/http/peer_network.h"

namespace tapiary::server {
namespace {

using Outcome = LoginAnswer::Outcome;

LoginAnswer Wait(std::int64_t wait_ns) {
  LoginAnswer answer;
  answer.outcome = Outcome::kWait;
  answer.wait_ns = wait_ns;
  return answer;
}

// Rows of windows that are long over; at most once a minute, and no matter when it fails.
void PruneLogins(const AuthContext& context, std::int64_t now_ns) {
  static std::atomic<std::int64_t> last_ns{0};
  std::int64_t last = last_ns;
  if (now_ns - last < base::kNanosPerMinute && now_ns >= last) return;
  if (!last_ns.compare_exchange_strong(last, now_ns)) return;
  const auto done = context.catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    const std::array<SqlValue, 1> over = {now_ns - 2 * context.limit.window_ns};
    TAPIARY_TRY(writer.Execute("DELETE FROM login_attempts WHERE start_ns < ?", over));
    return RemoveOldSessions(writer, context.sessions, now_ns);
  });
  if (!done) base::LogWarning("old logins are not removed: {}", done.error().message);
}

// What was typed as a name may be a password, so only names of users are written down.
void TellFailure(const AuthContext& context, const LoginTry& attempt,
                 const std::optional<User>& user) {
  const auto told = context.catalog.Write([&](SqlWriter& writer) {
    return AddAudit(writer, {user ? user->name : "unknown", std::string(attempt.peer)},
                    "login failed", "");
  });
  if (!told) base::LogWarning("a failed login is not in the audit: {}", told.error().message);
}

LoginAnswer Fail(Attempts& attempts, const LoginTry& attempt) {
  return attempts.CountNow(std::string(attempt.peer)) ? LoginAnswer() : Wait(base::kNanosPerMinute);
}

// Finds the user, or nobody for a name that is none.
base::Result<std::optional<User>> Look(const AuthContext& context, std::string_view name) {
  if (!IsUserName(name)) return std::optional<User>();
  auto user = FindUser(context.catalog, name);
  if (user) return std::optional<User>(*std::move(user));
  if (user.error().code != base::ErrorCode::kNotFound) return user.error();
  return std::optional<User>();
}

LoginAttempt ToAttempt(const LoginTry& attempt, const std::optional<User>& user,
                       const std::string& network) {
  LoginAttempt counted;
  counted.user = IsUserName(attempt.user) ? attempt.user : "?";
  counted.user_id = user ? user->id : 0;
  counted.network = network;
  counted.now_ns = base::WallNow();
  return counted;
}

// False when the user was disabled, removed or given another password while this one was checked.
base::Result<bool> StillSo(SqlWriter& writer, const User& user, std::int64_t now_ns) {
  const std::array<SqlValue, 3> values = {now_ns, user.id, user.password};
  TAPIARY_ASSIGN(const std::int64_t rows,
                 writer.Execute("UPDATE users SET last_login_ns = ? WHERE id = ? AND password = ? "
                                "AND disabled_ns IS NULL",
                                values));
  return rows == 1;
}

base::Result<LoginAnswer> Begin(const AuthContext& context, const LoginTry& attempt,
                                const User& user, const LoginAttempt& counted) {
  LoginAnswer answer;
  const auto written = context.catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    answer = {};
    TAPIARY_ASSIGN(const bool same, StillSo(writer, user, counted.now_ns));
    if (!same) return {};
    TAPIARY_TRY(ForgiveLogin(writer, counted));
    TAPIARY_TRY(EndSession(writer, attempt.old_cookie));
    const NewSession session{.user_id = user.id,
                             .token_id = 0,
                             .peer = std::string(attempt.peer),
                             .agent = std::string(attempt.agent)};
    TAPIARY_ASSIGN(answer.cookie, BeginSession(writer, session, context.sessions, counted.now_ns));
    answer.outcome = Outcome::kIn;
    return AddAudit(writer, {user.name, std::string(attempt.peer)}, "login", "");
  });
  if (!written) return written.error();
  if (answer.outcome != Outcome::kIn) return answer;
  TAPIARY_ASSIGN(answer.identity,
                 FindSession(context.catalog, answer.cookie, context.sessions, counted.now_ns));
  return answer;
}

// Hashes that were made at another cost are replaced while the password is at hand.
void Renew(const AuthContext& context, std::string_view password, User& user) {
  if (!context.passwords.IsOutdated(user.password)) return;
  const auto hash = context.passwords.Hash(password);
  if (!hash) return;
  const auto written = context.catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    const std::array<SqlValue, 3> values = {*hash, user.id, user.password};
    TAPIARY_TRY(
        writer.Execute("UPDATE users SET password = ? WHERE id = ? AND password = ?", values));
    return {};
  });
  if (written) user.password = *hash;
}

// Counts, then looks at the password. kIn here: it is right.
base::Result<LoginAnswer> Check(const AuthContext& context, const LoginTry& attempt,
                                const LoginAttempt& counted, const std::optional<User>& user) {
  TAPIARY_ASSIGN(const auto wait_ns, CountLogin(context.catalog, context.limit, counted));
  if (wait_ns) {
    context.logins.Failed(std::string(attempt.peer), base::SteadyNow());
    return Wait(*wait_ns);
  }
  const std::string stored = user ? user->password : std::string();
  TAPIARY_ASSIGN(const bool right, context.passwords.Verify(attempt.password, stored));
  if (!right || user->disabled_ns) {
    TellFailure(context, attempt, user);
    return Fail(context.logins, attempt);
  }
  LoginAnswer answer;
  answer.outcome = Outcome::kIn;
  return answer;
}

base::Result<LoginAnswer> ByPassword(const AuthContext& context, const LoginTry& attempt) {
  const std::string peer(attempt.peer);
  if (!context.logins.Allowed(peer, base::SteadyNow())) return Wait(base::kNanosPerMinute);
  const std::string network = PeerNetwork(peer);
  TAPIARY_ASSIGN(std::optional<User> user, Look(context, attempt.user));
  const LoginAttempt counted = ToAttempt(attempt, user, network);
  PruneLogins(context, counted.now_ns);
  TAPIARY_ASSIGN(const LoginAnswer checked, Check(context, attempt, counted, user));
  if (checked.outcome != Outcome::kIn) return checked;
  Renew(context, attempt.password, *user);
  return Begin(context, attempt, *user, counted);
}

base::Result<LoginAnswer> ByToken(const AuthContext& context, const LoginTry& attempt) {
  const std::int64_t now_ns = base::WallNow();
  const auto identity = FindIdentity(context.catalog, attempt.token, now_ns);
  if (!identity && identity.error().code != base::ErrorCode::kPermission) return identity.error();
  if (!identity || identity->scope < Scope::kViewer) return Fail(context.attempts, attempt);
  LoginAnswer answer;
  const auto written = context.catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(EndSession(writer, attempt.old_cookie));
    const NewSession session{.user_id = identity->user_id,
                             .token_id = identity->token_id,
                             .peer = std::string(attempt.peer),
                             .agent = std::string(attempt.agent)};
    TAPIARY_ASSIGN(answer.cookie, BeginSession(writer, session, context.sessions, now_ns));
    return AddAudit(writer, {ActorOf(*identity), std::string(attempt.peer)}, "login", "");
  });
  if (!written) return written.error();
  TAPIARY_ASSIGN(answer.identity,
                 FindSession(context.catalog, answer.cookie, context.sessions, now_ns));
  answer.outcome = Outcome::kIn;
  NoteUse(context.catalog, *identity, now_ns);
  return answer;
}

base::Result<Identity> ByProxy(const AuthContext& context, std::string_view name) {
  TAPIARY_ASSIGN(const std::optional<User> user, Look(context, name));
  if (!user || user->disabled_ns) {
    return base::MakeError(base::ErrorCode::kPermission, "no such user");
  }
  Identity identity;
  identity.scope = user->role;
  identity.user_id = user->id;
  identity.user_name = user->name;
  return identity;
}

base::Result<Identity> Find(const AuthContext& context, const Credential& credential,
                            std::int64_t now_ns) {
  switch (credential.kind) {
    case Credential::Kind::kToken:
      return FindIdentity(context.catalog, credential.text, now_ns);
    case Credential::Kind::kSession:
      return FindSession(context.catalog, credential.text, context.sessions, now_ns);
    case Credential::Kind::kUser:
      return ByProxy(context, credential.text);
  }
  return base::MakeError(base::ErrorCode::kPermission, "no such proof");
}

}  // namespace

base::Result<Identity> Authenticate(const AuthContext& context, const Credential& credential,
                                    const std::string& peer) {
  const std::int64_t now_ns = base::WallNow();
  auto identity = Find(context, credential, now_ns);
  if (identity) {
    NoteUse(context.catalog, *identity, now_ns);
    return identity;
  }
  if (identity.error().code != base::ErrorCode::kPermission) return identity;
  // A page that is still open asks on and on with a session that is over: no guessing.
  if (credential.kind == Credential::Kind::kSession) return identity;
  if (context.attempts.CountNow(peer)) return identity;
  return base::MakeError(base::ErrorCode::kTooLarge, "too many failed attempts");
}

base::Result<LoginAnswer> LogIn(const AuthContext& context, const LoginTry& attempt) {
  return attempt.token.empty() ? ByPassword(context, attempt) : ByToken(context, attempt);
}

base::Result<LoginAnswer> ChangePassword(const AuthContext& context, const Identity& identity,
                                         const LoginTry& attempt, std::string_view new_password) {
  TAPIARY_TRY(CheckNewPassword(new_password, identity.user_name));
  if (new_password == attempt.password) {
    return base::MakeError(base::ErrorCode::kInvalid, "the new password is the old one");
  }
  TAPIARY_ASSIGN(std::optional<User> user, Look(context, identity.user_name));
  const std::string network = PeerNetwork(std::string(attempt.peer));
  const LoginAttempt counted = ToAttempt(attempt, user, network);
  TAPIARY_ASSIGN(const LoginAnswer checked, Check(context, attempt, counted, user));
  if (checked.outcome != Outcome::kIn) return checked;
  TAPIARY_ASSIGN(user->password, context.passwords.Hash(new_password));
  TAPIARY_TRY(SetPassword(context.catalog, user->name, user->password, false,
                          {ActorOf(identity), std::string(attempt.peer)}));
  return Begin(context, attempt, *user, counted);
}

}  // namespace tapiary::server
