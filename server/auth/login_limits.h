// LoginLimits: how often a password may be tried, counted in the catalog so that all collectors
// count together.
//
// In 15 minutes: 30 attempts from a network (an address, or an IPv6 /64), 5 for one name from one
// network, 50 for one name from everywhere. The last limit does not hold for networks that the user
// has logged in from before, so nobody can keep a user out by failing in their name. A window ends
// 15 minutes after its first attempt, whatever is tried meanwhile. Names that do not exist are
// counted like others. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

struct LoginLimit {
  std::int64_t per_network = 30;
  std::int64_t per_pair = 5;
  std::int64_t per_user = 50;
  std::int64_t window_ns = 15LL * 60 * 1'000'000'000;
};

struct LoginAttempt {
  std::string_view user;     // as given; a valid name
  std::int64_t user_id = 0;  // 0: there is none
  std::string_view network;  // PeerNetwork
  std::int64_t now_ns = 0;
};

// Counts the attempt before the password is looked at. The time to wait when it is one too many.
base::Result<std::optional<std::int64_t>> CountLogin(Catalog& catalog, const LoginLimit& limit,
                                                     const LoginAttempt& attempt);
// The password was right: the counts of this user from this network begin anew, the attempt does
// not count for the others, and the network is remembered (the newest 16). In the transaction that
// begins the session.
base::Result<> ForgiveLogin(SqlWriter& writer, const LoginAttempt& attempt);

}  // namespace tapiary::server
