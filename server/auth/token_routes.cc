#include "server/auth/token_routes.h"

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "server/audit/actor.h"
#include "server/auth/json_fields.h"
#include "server/auth/tokens.h"

namespace tapiary::server {
namespace {

constexpr std::uint64_t kMaxBody = 2048;
constexpr std::int64_t kMaxLimit = 1000;
constexpr std::int64_t kMaxOverlap = 90 * base::kNanosPerDay;

using Json = nlohmann::ordered_json;

base::Error Invalid(std::string message) {
  return base::MakeError(base::ErrorCode::kInvalid, std::move(message));
}

Json TimeOrNull(const std::optional<std::int64_t>& time_ns) {
  if (!time_ns) return nullptr;
  return base::FormatTime(*time_ns);
}

Json ToJson(const TokenInfo& token) {
  Json json;
  json["id"] = token.id;
  json["name"] = base::EscapeBytes(token.name);
  json["scope"] = token.scope;
  json["user"] = nullptr;
  if (!token.user.empty()) json["user"] = token.user;
  json["created"] = base::FormatTime(token.created_ns);
  json["expires"] = TimeOrNull(token.expires_ns);
  json["last_used"] = TimeOrNull(token.last_used_ns);
  json["revoked"] = TimeOrNull(token.revoked_ns);
  return json;
}

// A token that makes tokens would outlive its own revocation.
base::Error NotByToken() {
  return base::MakeError(base::ErrorCode::kPermission,
                         "log in with a password to make tokens of your own");
}

bool IsAdmin(const Request& request) {
  return request.identity.scope == Scope::kAdmin;
}

base::Result<std::int64_t> ParseNumber(const std::string& text, const char* name, std::int64_t min,
                                       std::int64_t max) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || number < min || number > max) {
    return Invalid(std::string("'") + name + "' is a number from " + std::to_string(min) + " to " +
                   std::to_string(max));
  }
  return number;
}

base::Result<TokenPage> PageOf(const Request& request) {
  TokenPage page;
  page.limit = 100;
  for (const auto& [name, value] : request.query) {
    if (name == "limit") {
      TAPIARY_ASSIGN(page.limit, ParseNumber(value, "limit", 1, kMaxLimit));
    } else if (name == "after") {
      TAPIARY_ASSIGN(page.after_id,
                     ParseNumber(value, "after", 0, std::numeric_limits<std::int64_t>::max()));
    } else {
      return Invalid("there is no parameter '" + base::EscapeBytes(name) +
                     "'; there are: limit, after");
    }
  }
  if (!IsAdmin(request)) {
    page.user_id = request.identity.user_id == 0 ? -1 : request.identity.user_id;
  }
  return page;
}

Response List(const AuthContext& context, const Request& request, BodySource&) {
  const auto page = PageOf(request);
  if (!page) return ProblemFor(page.error());
  const auto tokens = ListTokens(context.catalog, *page);
  if (!tokens) return ProblemFor(tokens.error());
  Json json;
  json["items"] = Json::array();
  for (const TokenInfo& token : *tokens) json["items"].push_back(ToJson(token));
  json["next"] = nullptr;
  if (static_cast<std::int64_t>(tokens->size()) == page->limit) {
    json["next"] = std::to_string(tokens->back().id);
  }
  return JsonResponse(200, json.dump());
}

base::Result<std::optional<std::int64_t>> ExpiryIn(const JsonFields& fields) {
  TAPIARY_ASSIGN(const auto text, fields.OptionalText("expires_in"));
  if (!text) return std::optional<std::int64_t>();
  const auto lifetime_ns = base::ParseDuration(*text);
  const std::int64_t now_ns = base::WallNow();
  if (!lifetime_ns || *lifetime_ns <= 0 ||
      *lifetime_ns > std::numeric_limits<std::int64_t>::max() - now_ns) {
    return Invalid("'expires_in' is a time like 30d or 12h");
  }
  return std::optional<std::int64_t>(now_ns + *lifetime_ns);
}

// Whose the new token is: an administrator's are nobody's unless they ask for one of their own.
base::Result<std::int64_t> OwnerOf(const Request& request, const JsonFields& fields, Scope scope) {
  const Identity& identity = request.identity;
  TAPIARY_ASSIGN(const auto own, fields.OptionalFlag("own"));
  if (IsAdmin(request) && !own.value_or(false)) return std::int64_t{0};
  if (identity.user_id == 0 || identity.token_id != 0) return NotByToken();
  if (scope < Scope::kViewer || scope > identity.scope) {
    return base::MakeError(base::ErrorCode::kPermission, "a token of yours has at most your role");
  }
  return identity.user_id;
}

base::Result<std::string> Create(const AuthContext& context, const Request& request,
                                 const JsonFields& fields) {
  NewToken token;
  TAPIARY_ASSIGN(token.name, fields.Text("name"));
  TAPIARY_ASSIGN(const std::string scope, fields.Text("scope"));
  const std::optional<Scope> parsed = ParseScope(scope);
  if (!parsed) return Invalid("'scope' is sensor, viewer, analyst or admin");
  token.scope = *parsed;
  TAPIARY_ASSIGN(token.expires_ns, ExpiryIn(fields));
  TAPIARY_ASSIGN(token.user_id, OwnerOf(request, fields, token.scope));
  TAPIARY_ASSIGN(const MadeToken made, MakeToken(context.catalog, token, ActorOf(request)));
  TAPIARY_ASSIGN(const TokenInfo info, FindToken(context.catalog, made.id));
  Json json = ToJson(info);
  json["token"] = made.text;
  return json.dump();
}

Response Made(const base::Result<std::string>& json) {
  if (!json && json.error().code == base::ErrorCode::kConflict) {
    return Problem(409, "Not possible now", json.error().message);
  }
  if (!json) return ProblemFor(json.error());
  Response response = JsonResponse(201, *json);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Response Post(const AuthContext& context, const Request& request, BodySource& body) {
  const auto fields = JsonFields::Read(body, kMaxBody, {"name", "scope", "expires_in", "own"});
  if (!fields) return ProblemFor(fields.error());
  return Made(Create(context, request, *fields));
}

// The token of the path, when the caller may see it; else it is not there.
base::Result<TokenInfo> TokenOf(const AuthContext& context, const Request& request) {
  const std::string& text = request.path_params.at("id");
  const auto id = ParseNumber(text, "id", 1, std::numeric_limits<std::int64_t>::max());
  const auto none = base::MakeError(base::ErrorCode::kNotFound, "there is no such token");
  if (!id) return none;
  auto token = FindToken(context.catalog, *id);
  if (!token) return token.error().code == base::ErrorCode::kNotFound ? none : token.error();
  const Identity& identity = request.identity;
  const bool own = identity.user_id != 0 && token->user_id == identity.user_id;
  if (!IsAdmin(request) && !own && token->id != identity.token_id) return none;
  return token;
}

Response Delete(const AuthContext& context, const Request& request, BodySource&) {
  const auto token = TokenOf(context, request);
  if (!token) return ProblemFor(token.error());
  const auto revoked = RevokeToken(context.catalog, token->id, ActorOf(request));
  if (!revoked) return ProblemFor(revoked.error());
  Response response;
  response.status = 204;
  return response;
}

base::Result<std::string> RotateNow(const AuthContext& context, const Request& request,
                                    const JsonFields& fields) {
  TAPIARY_ASSIGN(const TokenInfo old, TokenOf(context, request));
  if (!IsAdmin(request) && request.identity.token_id != 0) return NotByToken();
  TAPIARY_ASSIGN(const auto text, fields.OptionalText("overlap"));
  const auto overlap_ns = base::ParseDuration(text.value_or("24h"));
  if (!overlap_ns || *overlap_ns < 0 || *overlap_ns > kMaxOverlap) {
    return Invalid("'overlap' is a time from 0s to 90d");
  }
  TAPIARY_ASSIGN(const MadeToken made,
                 RotateToken(context.catalog, old.id, *overlap_ns, ActorOf(request)));
  TAPIARY_ASSIGN(const TokenInfo info, FindToken(context.catalog, made.id));
  Json json = ToJson(info);
  json["token"] = made.text;
  return json.dump();
}

Response Rotate(const AuthContext& context, const Request& request, BodySource& body) {
  const auto fields = JsonFields::Read(body, kMaxBody, {"overlap"});
  if (!fields) return ProblemFor(fields.error());
  return Made(RotateNow(context, request, *fields));
}

}  // namespace

std::vector<Route> TokenRoutes(const AuthContext& context) {
  const auto with = [context](auto function) {
    return [context, function](const Request& request, BodySource& body) {
      return function(context, request, body);
    };
  };
  const char* const all = "/api/v1/tokens";
  return {{"GET", all, Scope::kViewer, with(List)},
          {"POST", all, Scope::kViewer, with(Post), kMaxBody},
          {"DELETE", "/api/v1/tokens/{id}", Scope::kViewer, with(Delete)},
          {"POST", "/api/v1/tokens/{id}/rotate", Scope::kViewer, with(Rotate), kMaxBody}};
}

}  // namespace tapiary::server
