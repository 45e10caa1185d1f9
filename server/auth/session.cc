#include "server/auth/session.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "server/audit/actor.h"
#include "server/auth/json_fields.h"
#include "server/auth/tokens.h"
#include "server/auth/users.h"
#include "server/catalog/audit_row.h"
#include "server/http/origin.h"
#include "server/http/target.h"

namespace tapiary::server {
namespace {

using Outcome = LoginAnswer::Outcome;

constexpr std::uint64_t kMaxBody = 2048;
constexpr std::string_view kAttributes = "; Path=/; Secure; HttpOnly; SameSite=Strict";

Response NotCached(Response response) {
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

nlohmann::ordered_json TimeOrNull(std::int64_t time_ns) {
  if (time_ns == 0) return nullptr;
  return base::FormatTime(time_ns);
}

Response Describe(const Identity& identity) {
  const bool person = identity.user_id != 0;
  nlohmann::ordered_json json;
  json["name"] = base::EscapeBytes(person ? identity.user_name : identity.token_name);
  json["scope"] = std::string(ToString(identity.scope));
  json["user"] = nullptr;
  if (person) json["user"] = identity.user_name;
  json["token"] = nullptr;
  if (identity.token_id != 0) json["token"] = base::EscapeBytes(identity.token_name);
  json["expires"] = TimeOrNull(identity.expires_ns);
  json["must_change"] = identity.must_change;
  return NotCached(JsonResponse(200, json.dump()));
}

Response Elsewhere() {
  return Problem(403, "From another site", "log in and out on the collector's own page");
}

Response Refused(const LoginAnswer& answer) {
  if (answer.outcome == Outcome::kWrong) {
    return Problem(401, "Not known", "the name, the password or the token is wrong");
  }
  const std::int64_t seconds = answer.wait_ns / base::kNanosPerSecond + 1;
  Response response = Problem(429, "Too many attempts",
                              "too many were wrong: wait " + std::to_string(seconds) + " s");
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

Response Answer(const base::Result<LoginAnswer>& answer) {
  if (!answer) return ProblemFor(answer.error());
  if (answer->outcome != Outcome::kIn) return Refused(*answer);
  Response response = Describe(answer->identity);
  // The text is base64url: nothing in it can end the cookie's value.
  response.headers.emplace_back(
      "Set-Cookie", std::string(kSessionCookie) + "=" + answer->cookie + std::string(kAttributes));
  return response;
}

LoginTry TryOf(const Request& request) {
  LoginTry attempt;
  attempt.peer = request.peer;
  attempt.agent = request.Header("user-agent");
  attempt.old_cookie = FindCookie(request.Header("cookie"), kSessionCookie);
  return attempt;
}

Response NothingGiven() {
  return Problem(400, "Nothing to log in with",
                 R"(the body is {"user": "...", "password": "..."} or {"token": "tap_..."})");
}

Response Begin(const AuthContext& context, const Request& request, BodySource& body) {
  if (IsFromElsewhere(request)) return Elsewhere();
  const auto fields = JsonFields::Read(body, kMaxBody, {"user", "password", "token"});
  if (!fields) return ProblemFor(fields.error());
  LoginTry attempt = TryOf(request);
  if (fields->Has("token") == fields->Has("user")) return NothingGiven();
  const auto first = fields->Text(fields->Has("token") ? "token" : "user");
  if (!first) return ProblemFor(first.error());
  if (fields->Has("token")) {
    if (first->empty() || fields->Has("password")) return NothingGiven();
    attempt.token = *first;
    return Answer(LogIn(context, attempt));
  }
  const auto password = fields->Text("password");
  if (!password) return ProblemFor(password.error());
  attempt.user = *first;
  attempt.password = *password;
  return Answer(LogIn(context, attempt));
}

Response Gone() {
  Response response;
  response.status = 204;
  response.headers.emplace_back(
      "Set-Cookie", std::string(kSessionCookie) + "=" + std::string(kAttributes) + "; Max-Age=0");
  return NotCached(std::move(response));
}

Response End(const AuthContext& context, const Request& request) {
  if (IsFromElsewhere(request)) return Elsewhere();
  const std::string_view text = FindCookie(request.Header("cookie"), kSessionCookie);
  const auto identity = FindSession(context.catalog, text, context.sessions, base::WallNow());
  if (!identity && identity.error().code != base::ErrorCode::kPermission) {
    return ProblemFor(identity.error());  // it may be there: do not say that it has ended
  }
  if (!identity) return Gone();
  const auto ended = context.catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(EndSession(writer, identity->session_id));
    return AddAudit(writer, {ActorOf(*identity), request.peer}, "logout", "");
  });
  return ended ? Gone() : ProblemFor(ended.error());
}

nlohmann::ordered_json ToJson(const SessionInfo& session, const Identity& viewer) {
  nlohmann::ordered_json json;
  json["id"] = session.id;
  json["user"] = nullptr;
  if (!session.user.empty()) json["user"] = session.user;
  json["token"] = nullptr;
  if (!session.token.empty()) json["token"] = base::EscapeBytes(session.token);
  json["created"] = base::FormatTime(session.created_ns);
  json["last_used"] = base::FormatTime(session.last_used_ns);
  json["expires"] = base::FormatTime(session.expires_ns);
  json["address"] = session.peer;
  json["browser"] = session.agent;
  json["this"] = session.id == viewer.session_id;
  return json;
}

// People see their own, administrators all.
std::optional<std::int64_t> Whose(const Identity& identity) {
  if (identity.scope == Scope::kAdmin) return std::nullopt;
  return identity.user_id == 0 ? -1 : identity.user_id;
}

Response List(const AuthContext& context, const Request& request) {
  if (!request.query.empty()) return Problem(400, "Unknown parameter", "this list takes none");
  const auto sessions =
      ListSessions(context.catalog, Whose(request.identity), context.sessions, base::WallNow());
  if (!sessions) return ProblemFor(sessions.error());
  nlohmann::ordered_json json;
  json["items"] = nlohmann::ordered_json::array();
  for (const SessionInfo& session : *sessions) {
    json["items"].push_back(ToJson(session, request.identity));
  }
  return JsonResponse(200, json.dump());
}

Response Revoke(const AuthContext& context, const Request& request) {
  const std::string& text = request.path_params.at("id");
  std::int64_t id = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), id);
  const bool number = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  const std::optional<std::int64_t> owner = Whose(request.identity);
  std::int64_t ended = 0;
  const auto done = context.catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    std::vector<SqlValue> values = {id};
    if (owner) values.emplace_back(*owner);
    TAPIARY_ASSIGN(ended, writer.Execute(std::string("DELETE FROM sessions WHERE id = ?") +
                                             (owner ? " AND user_id = ?" : ""),
                                         values));
    if (ended == 0) return {};
    return AddAudit(writer, ActorOf(request), "session end", "id=" + std::to_string(id));
  });
  if (!done) return ProblemFor(done.error());
  if (!number || ended == 0) return Problem(404, "No such session", "it is over, or never was");
  Response response;
  response.status = 204;
  return response;
}

Response Change(const AuthContext& context, const Request& request, BodySource& body) {
  const Identity& identity = request.identity;
  const auto fields = JsonFields::Read(body, kMaxBody, {"old", "new"});
  if (!fields) return ProblemFor(fields.error());
  const auto old_password = fields->Text("old");
  const auto new_password = fields->Text("new");
  if (!old_password) return ProblemFor(old_password.error());
  if (!new_password) return ProblemFor(new_password.error());
  if (identity.user_id == 0 || identity.session_id == 0 || identity.token_id != 0) {
    return Problem(403, "Not with a token", "log in with the password to change it");
  }
  LoginTry attempt = TryOf(request);
  attempt.user = identity.user_name;
  attempt.password = *old_password;
  return Answer(ChangePassword(context, identity, attempt, *new_password));
}

}  // namespace

std::vector<Route> SessionRoutes(const AuthContext& context) {
  const auto with = [context](auto function) {
    return [context, function](const Request& request, BodySource& body) {
      return function(context, request, body);
    };
  };
  const auto without = [context](auto function) {
    return [context, function](const Request& request, BodySource&) {
      return function(context, request);
    };
  };
  const auto show = [](const Request& request, BodySource&) { return Describe(request.identity); };
  const char* const one = "/api/v1/session";
  const char* const all = "/api/v1/sessions";
  return {
      {"POST", one, Scope::kPublic, with(Begin), kMaxBody, true},
      {"GET", one, Scope::kViewer, show, 0, false, true},
      {"DELETE", one, Scope::kPublic, without(End), 0, true},
      {"GET", all, Scope::kViewer, without(List)},
      {"DELETE", "/api/v1/sessions/{id}", Scope::kViewer, without(Revoke)},
      {"POST", "/api/v1/users/me/password", Scope::kViewer, with(Change), kMaxBody, false, true}};
}

}  // namespace tapiary::server
