#include "server/auth/session.h"

#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "server/auth/tokens.h"
#include "server/http/origin.h"

namespace tapiary::server {
namespace {

constexpr std::uint64_t kMaxBody = 1024;
constexpr const char* kPattern = "/api/v1/session";
constexpr std::string_view kAttributes = "; Path=/; Secure; HttpOnly; SameSite=Strict";

Response Describe(const Identity& identity) {
  nlohmann::ordered_json json;
  json["name"] = base::EscapeBytes(identity.token_name);
  json["scope"] = std::string(ToString(identity.scope));
  Response response = JsonResponse(200, json.dump());
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

// The value of "token" in a JSON object; empty when the text is something else.
std::string TokenIn(const std::string& text) {
  // Without a callback and exceptions, broken text gives a discarded value.
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return {};
  const auto found = json.find("token");
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Response Refused() {
  return Problem(401, "No such token",
                 "give the token of a viewer, an analyst or an administrator");
}

Response TooMany() {
  Response response =
      Problem(429, "Too many attempts", "too many wrong tokens from your address: wait a minute");
  response.headers.emplace_back("Retry-After", "60");
  return response;
}

Response Begin(Catalog& catalog, Attempts& attempts, const Request& request, BodySource& body) {
  const auto text = ReadBody(body, kMaxBody);
  if (!text) return ProblemFor(text.error());
  const std::string token = TokenIn(*text);
  if (token.empty()) {
    return Problem(400, "No token", R"(the body is a JSON object: {"token": "tap_..."})");
  }
  const auto identity = FindIdentity(catalog, token, base::WallNow());
  if (!identity && identity.error().code != base::ErrorCode::kPermission) {
    return ProblemFor(identity.error());
  }
  if (!identity || identity->scope < Scope::kViewer) {
    return attempts.CountNow(request.peer) ? Refused() : TooMany();
  }
  NoteUse(catalog, identity->token_id, base::WallNow());
  Response response = Describe(*identity);
  // A token that was found is base64url: nothing in it can end the cookie's value.
  response.headers.emplace_back(
      "Set-Cookie", std::string(kSessionCookie) + "=" + token + std::string(kAttributes));
  return response;
}

Response End() {
  Response response;
  response.status = 204;
  response.headers.emplace_back(
      "Set-Cookie", std::string(kSessionCookie) + "=" + std::string(kAttributes) + "; Max-Age=0");
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

}  // namespace

std::vector<Route> SessionRoutes(Catalog& catalog, Attempts& attempts) {
  const auto begin = [&catalog, &attempts](const Request& request, BodySource& body) {
    return Begin(catalog, attempts, request, body);
  };
  const auto show = [](const Request& request, BodySource&) { return Describe(request.identity); };
  const auto end = [](const Request&, BodySource&) { return End(); };
  return {{"POST", kPattern, Scope::kPublic, begin, kMaxBody},
          {"GET", kPattern, Scope::kViewer, show, 0},
          {"DELETE", kPattern, Scope::kPublic, end, 0}};
}

}  // namespace tapiary::server
