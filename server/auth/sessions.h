// Sessions: what a browser holds in place of a password or token, kept in the catalog.
//
// The cookie's text is 256 random bits, stored as its SHA-256 only, made anew at each login. A
// session ends when it lies idle, at its absolute end, with its user (disabled, removed, password
// changed) or its token (revoked, expired), or when somebody ends it. Any collector that shares the
// catalog knows it. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/http/handler.h"

namespace tapiary::server {

struct SessionLimits {
  std::int64_t idle_ns = base::kNanosPerHour;
  std::int64_t absolute_ns = 12 * base::kNanosPerHour;
};
inline constexpr std::int64_t kMaxSessions = 20;  // of one user or token; the oldest ends

struct NewSession {
  std::int64_t user_id = 0;   // one of the two, or both
  std::int64_t token_id = 0;  // for a token's user
  std::string peer;
  std::string agent;
};
// Returns the cookie's text. Inside a transaction, so that it comes with its audit row.
base::Result<std::string> BeginSession(SqlWriter& writer, const NewSession& session,
                                       const SessionLimits& limits, std::int64_t now_ns);
// kPermission for one that is unknown, over, or whose user or token is.
base::Result<Identity> FindSession(const Catalog& catalog, std::string_view text,
                                   const SessionLimits& limits, std::int64_t now_ns);
// Ends it; no error when it is not there.
base::Result<> EndSession(SqlWriter& writer, std::int64_t id);
base::Result<> EndSession(SqlWriter& writer, std::string_view text);
// Removes rows that are over, so that the table stays small.
base::Result<> RemoveOldSessions(SqlWriter& writer, const SessionLimits& limits,
                                 std::int64_t now_ns);

struct SessionInfo {
  std::int64_t id = 0;
  std::string user;   // "" for a token's
  std::string token;  // its name
  std::int64_t created_ns = 0, last_used_ns = 0, expires_ns = 0;
  std::string peer, agent;
  std::int64_t user_id = 0;
};
// Those of a user, or all (at most 1,000), newest first; only what is not over.
base::Result<std::vector<SessionInfo>> ListSessions(const Catalog& catalog,
                                                    std::optional<std::int64_t> user_id,
                                                    const SessionLimits& limits,
                                                    std::int64_t now_ns);

}  // namespace tapiary::server
