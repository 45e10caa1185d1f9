#include "server/auth/login_limits.h"

#include <array>
#include <vector>

namespace tapiary::server {
namespace {

constexpr std::int64_t kPlaces = 16;

std::string NetworkKey(const LoginAttempt& attempt) {
  return "network " + std::string(attempt.network);
}
std::string UserKey(const LoginAttempt& attempt) {
  return "user " + std::string(attempt.user);
}
std::string PairKey(const LoginAttempt& attempt) {
  return "pair " + std::string(attempt.user) + ' ' + std::string(attempt.network);
}

struct Count {
  std::int64_t attempts = 0;
  std::int64_t start_ns = 0;
};

// A start in the future means that the clock was set back: the window is over.
base::Result<Count> Add(SqlWriter& writer, const std::string& key, std::int64_t now_ns,
                        std::int64_t window_ns) {
  const std::int64_t over_ns = now_ns - window_ns;
  const std::array<SqlValue, 7> values = {key, now_ns, over_ns, now_ns, over_ns, now_ns, now_ns};
  Count count;
  TAPIARY_TRY(writer.Query(
      "INSERT INTO login_attempts (key, start_ns, attempts) VALUES (?, ?, 1) "
      "ON CONFLICT (key) DO UPDATE SET "
      "attempts = CASE WHEN login_attempts.start_ns <= ? OR login_attempts.start_ns > ? THEN 1 "
      "ELSE login_attempts.attempts + 1 END, "
      "start_ns = CASE WHEN login_attempts.start_ns <= ? OR login_attempts.start_ns > ? THEN ? "
      "ELSE login_attempts.start_ns END RETURNING attempts, start_ns",
      values, [&](const SqlRow& row) {
        count = {row.Int(0), row.Int(1)};
        return true;  // an INSERT is read to its end
      }));
  return count;
}

base::Result<bool> IsKnownPlace(SqlWriter& writer, const LoginAttempt& attempt) {
  bool known = false;
  const std::array<SqlValue, 2> key = {attempt.user_id, std::string(attempt.network)};
  TAPIARY_TRY(writer.Query("SELECT last_ns FROM user_places WHERE user_id = ? AND network = ?", key,
                           [&](const SqlRow&) {
                             known = true;
                             return false;
                           }));
  return known;
}

// Sets `wait_ns` when `key` has used up its attempts.
base::Result<bool> Passes(SqlWriter& writer, const LoginLimit& limit, const std::string& key,
                          std::int64_t most, std::int64_t now_ns,
                          std::optional<std::int64_t>& wait_ns) {
  TAPIARY_ASSIGN(const Count count, Add(writer, key, now_ns, limit.window_ns));
  if (count.attempts <= most) return true;
  wait_ns = count.start_ns + limit.window_ns - now_ns;
  return false;
}

// Each limit is asked, and counts, only when those before let it through: what one network tries
// adds at most its own few to the count of a user.
base::Result<> CountAll(SqlWriter& writer, const LoginLimit& limit, const LoginAttempt& attempt,
                        std::optional<std::int64_t>& wait_ns) {
  const auto passes = [&](const std::string& key, std::int64_t most) {
    return Passes(writer, limit, key, most, attempt.now_ns, wait_ns);
  };
  TAPIARY_ASSIGN(bool go_on, passes(NetworkKey(attempt), limit.per_network));
  if (!go_on) return {};
  TAPIARY_ASSIGN(go_on, passes(PairKey(attempt), limit.per_pair));
  if (!go_on) return {};
  TAPIARY_ASSIGN(const bool known, IsKnownPlace(writer, attempt));
  if (known) return {};
  TAPIARY_TRY(passes(UserKey(attempt), limit.per_user));
  return {};
}

}  // namespace

base::Result<std::optional<std::int64_t>> CountLogin(Catalog& catalog, const LoginLimit& limit,
                                                     const LoginAttempt& attempt) {
  std::optional<std::int64_t> wait_ns;
  TAPIARY_TRY(catalog.Write([&](SqlWriter& writer) {
    wait_ns.reset();
    return CountAll(writer, limit, attempt, wait_ns);
  }));
  return wait_ns;
}

base::Result<> ForgiveLogin(SqlWriter& writer, const LoginAttempt& attempt) {
  const std::array<SqlValue, 2> others = {NetworkKey(attempt), UserKey(attempt)};
  TAPIARY_TRY(writer.Execute(
      "UPDATE login_attempts SET attempts = attempts - 1 WHERE key IN (?, ?) AND attempts > 0",
      others));
  const std::array<SqlValue, 1> pair = {PairKey(attempt)};
  TAPIARY_TRY(writer.Execute("DELETE FROM login_attempts WHERE key = ?", pair));
  const std::array<SqlValue, 3> place = {attempt.user_id, std::string(attempt.network),
                                         attempt.now_ns};
  TAPIARY_TRY(
      writer.Execute("INSERT INTO user_places (user_id, network, last_ns) VALUES (?, ?, ?) "
                     "ON CONFLICT (user_id, network) DO UPDATE SET last_ns = excluded.last_ns",
                     place));
  const std::array<SqlValue, 3> newest = {attempt.user_id, attempt.user_id, kPlaces};
  TAPIARY_TRY(
      writer.Execute("DELETE FROM user_places WHERE user_id = ? AND network NOT IN "
                     "(SELECT network FROM user_places WHERE user_id = ? "
                     "ORDER BY last_ns DESC LIMIT ?)",
                     newest));
  return {};
}

}  // namespace tapiary::server
