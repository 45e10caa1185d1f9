// Tokens: who may call, proven by 256 random bits that are stored only as their SHA-256.
//
// Text form "tap_" + base64url without padding. Shown once, at creation. A token with scope sensor
// belongs to one sensor, whose name it gives to everything that is ingested. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/http/handler.h"

namespace tapiary::server {

struct NewToken {
  std::string
      name;  // for people; a sensor's token: also the sensor's name, [a-z0-9][a-z0-9-]{0,62}
  Scope scope = Scope::kSensor;
  std::optional<std::int64_t> expires_ns;
};
// Returns the token's text. Makes the sensor where it is new; several tokens may belong to one.
base::Result<std::string> CreateToken(Catalog& catalog, const NewToken& token);

struct TokenInfo {
  std::int64_t id = 0;
  std::string name;
  std::string scope;
  std::int64_t created_ns = 0;
  std::optional<std::int64_t> expires_ns, last_used_ns, revoked_ns;
};
base::Result<std::vector<TokenInfo>> ListTokens(const Catalog& catalog);
// By id. kNotFound when there is none; revoking twice is success.
base::Result<> RevokeToken(Catalog& catalog, std::int64_t id);

// kPermission for a token that is unknown, expired, revoked or malformed: all the same to the
// caller.
base::Result<Identity> FindIdentity(const Catalog& catalog, std::string_view token,
                                    std::int64_t now_ns);

// Sets last_used_ns, at most once a minute per token; a failure is logged only.
void NoteUse(Catalog& catalog, std::int64_t token_id, std::int64_t now_ns);

std::string_view ToString(Scope scope);  // public, sensor, viewer, analyst, admin
std::optional<Scope> ParseScope(std::string_view text);

}  // namespace tapiary::server
