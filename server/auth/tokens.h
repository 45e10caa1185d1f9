// Tokens: who may call, proven by 256 random bits that are stored only as their SHA-256.
//
// Text form "tap_" + base64url without padding. Shown once, at creation. A token with scope sensor
// belongs to one sensor, whose name it gives to everything that is ingested. A token of a user is
// never worth more than the user's role, and nothing while the user is disabled. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/catalog/audit_row.h"
#include "server/catalog/catalog.h"
#include "server/http/handler.h"

namespace tapiary::server {

struct NewToken {
  std::string
      name;  // for people; a sensor's token: also the sensor's name, [a-z0-9][a-z0-9-]{0,62}
  Scope scope = Scope::kSensor;
  std::optional<std::int64_t> expires_ns{};
  std::int64_t user_id = 0;  // 0: nobody's
};
struct MadeToken {
  std::int64_t id = 0;
  std::string text;
};
inline constexpr std::int64_t kMaxUserTokens = 50;  // that work, of one user

// Makes the sensor where it is new; several tokens may belong to one. kTooLarge when the user has
// 50 already.
base::Result<MadeToken> MakeToken(Catalog& catalog, const NewToken& token, const Actor& actor);
// By the operator; returns the text alone.
base::Result<std::string> CreateToken(Catalog& catalog, const NewToken& token);
// A new token like the one with this id, for as long as that one was made for; the old one works
// for `overlap_ns` more, or to its own end. kNotFound; kConflict when the old one works no
// more, or was rotated before: it ends soon, and so would one like it.
base::Result<MadeToken> RotateToken(Catalog& catalog, std::int64_t id, std::int64_t overlap_ns,
                                    const Actor& actor);

struct TokenInfo {
  std::int64_t id = 0;
  std::string name;
  std::string scope;
  std::int64_t created_ns = 0;
  std::optional<std::int64_t> expires_ns, last_used_ns, revoked_ns;
  std::string user;  // "" for nobody's
  std::int64_t user_id = 0;
};
struct TokenPage {
  std::optional<std::int64_t> user_id{};  // of this user only
  std::int64_t after_id = 0;
  std::int64_t limit = 1000;
};
base::Result<std::vector<TokenInfo>> ListTokens(const Catalog& catalog, const TokenPage& page);
base::Result<std::vector<TokenInfo>> ListTokens(const Catalog& catalog);  // all
base::Result<TokenInfo> FindToken(const Catalog& catalog, std::int64_t id);
// By id. kNotFound when there is none; revoking twice is success.
base::Result<> RevokeToken(Catalog& catalog, std::int64_t id, const Actor& actor = HostActor());

// kPermission for a token that is unknown, expired, revoked, malformed or of a disabled user: all
// the same to the caller.
base::Result<Identity> FindIdentity(const Catalog& catalog, std::string_view token,
                                    std::int64_t now_ns);

std::string_view ToString(Scope scope);  // public, sensor, viewer, analyst, admin
std::optional<Scope> ParseScope(std::string_view text);

}  // namespace tapiary::server
