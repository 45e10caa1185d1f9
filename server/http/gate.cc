#include "server/http/gate.h"

#include <algorithm>
#include <string>

#include "server/http/origin.h"
#include "server/http/target.h"

namespace tapiary::server {
namespace {

constexpr std::string_view kBearer = "bearer ";
// A person's, as opposed to a sensor's or nobody's.
bool IsRole(Scope scope) {
  return scope >= Scope::kViewer;
}

// A cookie, or what a proxy adds, comes along by itself: it counts only where another site cannot
// make use of it.
bool MayComeAlong(const Route& route, const Request& request) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  return IsRole(route.scope) && (reads ? MayRead(request) : IsFromOwnPage(request));
}

// The scheme's name is case-insensitive (RFC 9110 section 11.1).
bool IsBearer(std::string_view scheme) {
  return std::ranges::equal(scheme, kBearer, [](char a, char b) {
    return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b);
  });
}

// An empty text when there is nothing that counts. `user` is what a trusted proxy says.
Credential CredentialOf(const Route& route, const Request& request, std::string_view user) {
  const std::string_view header = request.Header("authorization");
  if (!header.empty()) {
    if (!IsBearer(header.substr(0, kBearer.size()))) return {};
    return {Credential::Kind::kToken, header.substr(kBearer.size())};
  }
  if (!MayComeAlong(route, request)) return {};
  if (!user.empty()) return {Credential::Kind::kUser, user};
  return {Credential::Kind::kSession, FindCookie(request.Header("cookie"), kSessionCookie)};
}

// What would let the request in. A cookie that is there and does not count puzzles who is logged
// in.
std::string Wanted(const Route& route, const Request& request) {
  if (!IsRole(route.scope)) return "send 'Authorization: Bearer TOKEN' with a sensor's token";
  const bool cookie = !FindCookie(request.Header("cookie"), kSessionCookie).empty();
  if (cookie && request.Header("authorization").empty() && !MayComeAlong(route, request)) {
    return "the session's cookie counts only with 'Sec-Fetch-Site: same-origin', or an Origin that "
           "is this host's, which the browser sends from the collector's own page; programs send "
           "'Authorization: Bearer TOKEN'";
  }
  return "send 'Authorization: Bearer TOKEN', or log in";
}

std::string_view NameOf(Scope scope) {
  constexpr std::string_view kNames[] = {"nobody", "sensor", "viewer", "analyst", "administrator"};
  return kNames[static_cast<std::size_t>(scope)];
}

Response Forbidden(Scope route, const Identity& identity) {
  const auto with_article = [](Scope scope) {
    return std::string(scope >= Scope::kAnalyst ? "an " : "a ").append(NameOf(scope));
  };
  return Problem(403, "Not with this role",
                 "this path is for " + with_article(route) +
                     (IsRole(route) ? "" : "'s token and nobody else") +
                     (identity.token_id != 0 ? "; this token is of " : "; you are ") +
                     with_article(identity.scope));
}

Response Unauthorized(std::string_view detail) {
  Response response = Problem(401, "No valid token", detail);
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

bool Allows(Scope route, Scope caller) {
  if (IsRole(route)) return IsRole(caller) && caller >= route;
  return route == caller;
}

Response Refusal(const base::Error& error, Credential::Kind kind) {
  if (error.code == base::ErrorCode::kPermission) {
    return Unauthorized(kind == Credential::Kind::kToken
                            ? "the token is not known, has expired or was revoked"
                            : "the session is over: log in");
  }
  if (error.code != base::ErrorCode::kTooLarge) return ProblemFor(error);
  Response response = Problem(429, "Too many failed attempts", "wait a minute, then try again");
  response.headers.emplace_back("Retry-After", "60");
  return response;
}

std::optional<Response> Authenticate(const Authenticator& authenticate, const Route& route,
                                     std::string_view user, Request& request) {
  if (route.scope == Scope::kPublic) return std::nullopt;
  const Credential credential = CredentialOf(route, request, user);
  if (credential.text.empty()) {
    return Unauthorized(Wanted(route, request));
  }
  auto identity = authenticate(credential, request.peer);
  if (!identity) return Refusal(identity.error(), credential.kind);
  if (!Allows(route.scope, identity->scope)) {
    return Forbidden(route.scope, *identity);
  }
  if (identity->must_change && !route.with_old_password) {
    return Problem(403, "The password must be changed", "POST /api/v1/users/me/password first");
  }
  request.identity = std::move(*identity);
  return std::nullopt;
}

std::optional<Response> CheckBody(const Route& route, const Request& request, bool chunked) {
  const std::uint64_t length = request.content_length.value_or(0);
  if (route.max_body_bytes == 0 && !chunked && length == 0) return std::nullopt;
  if (route.max_body_bytes == 0) {
    return Problem(413, "No body expected", "this path takes no body");
  }
  if (length > route.max_body_bytes) {
    return Problem(413, "Body too large",
                   "at most " + std::to_string(route.max_body_bytes) + " bytes; split it");
  }
  return std::nullopt;
}

}  // namespace

Admission Admit(const Router& router, const Authenticator& authenticate,
                const TrustedProxies& proxies, bool chunked, Request& request) {
  Router::Match match = router.Find(request.method, request.path);
  Admission admission;
  if (match.route == nullptr) {
    if (match.allowed.empty()) {
      admission.refusal = Problem(404, "No such path", "see docs/ingest.md and docs/api.md");
    } else {
      admission.refusal = Problem(405, "Method not allowed", "this path takes " + match.allowed);
      admission.refusal->headers.emplace_back("Allow", match.allowed);
    }
    return admission;
  }
  request.path_params = std::move(match.params);
  const std::string user(proxies.UserOf(request));
  request.peer = proxies.ClientOf(request);
  admission.refusal = Authenticate(authenticate, *match.route, user, request);
  if (!admission.refusal) admission.refusal = CheckBody(*match.route, request, chunked);
  admission.route = match.route;
  if (!admission.refusal && match.route->admit) {
    Pass pass = match.route->admit(request);
    admission.refusal = std::move(pass.refusal);
    admission.hold = std::move(pass.hold);
  }
  return admission;
}

void AddSecurityHeaders(bool tls, Response& response) {
  const auto add = [&](const char* name, const char* value) {
    const bool there = std::ranges::any_of(
        response.headers, [&](const auto& header) { return header.first == name; });
    if (!there) response.headers.emplace_back(name, value);
  };
  add("Content-Security-Policy",
      "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
      "form-action 'self'; frame-ancestors 'none'");
  add("X-Content-Type-Options", "nosniff");
  add("Referrer-Policy", "no-referrer");
  add("Cache-Control", "no-store");
  if (tls) add("Strict-Transport-Security", "max-age=31536000");
}

}  // namespace tapiary::server
