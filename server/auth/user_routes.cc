#include "server/auth/user_routes.h"

#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "server/audit/actor.h"
#include "server/auth/json_fields.h"
#include "server/auth/tokens.h"
#include "server/auth/users.h"

namespace tapiary::server {
namespace {

constexpr std::uint64_t kMaxBody = 2048;

using Json = nlohmann::ordered_json;

Json TimeOrNull(const std::optional<std::int64_t>& time_ns) {
  if (!time_ns) return nullptr;
  return base::FormatTime(*time_ns);
}

Json ToJson(const User& user) {
  Json json;
  json["name"] = user.name;
  json["role"] = std::string(ToString(user.role));
  json["created"] = base::FormatTime(user.created_ns);
  json["disabled"] = TimeOrNull(user.disabled_ns);
  json["last_login"] = TimeOrNull(user.last_login_ns);
  json["must_change"] = user.must_change;
  return json;
}

// An error of a role that somebody typed.
base::Result<std::optional<Scope>> RoleIn(const JsonFields& fields) {
  TAPIARY_ASSIGN(const std::optional<std::string> text, fields.OptionalText("role"));
  if (!text) return std::optional<Scope>();
  const std::optional<Scope> role = ParseRole(*text);
  if (role) return role;
  return base::MakeError(base::ErrorCode::kInvalid, "'role' is viewer, analyst or admin");
}

// kExists and the last administrator are conflicts, with a title that says so.
Response Refuse(const base::Error& error) {
  const bool conflict = error.code == base::ErrorCode::kExists ||
                        error.code == base::ErrorCode::kConflict ||
                        error.code == base::ErrorCode::kTooLarge;
  return conflict ? Problem(409, "Not possible now", error.message) : ProblemFor(error);
}

Response NoContent() {
  Response response;
  response.status = 204;
  return response;
}

// What to store for the given password, or for one made here, which is then put into `made`.
base::Result<std::string> HashFor(const AuthContext& context, const std::string& name,
                                  const std::optional<std::string>& given, std::string& made) {
  if (given) {
    TAPIARY_TRY(CheckNewPassword(*given, name));
    return context.passwords.Hash(*given);
  }
  TAPIARY_ASSIGN(made, MakePassword());
  return context.passwords.Hash(made);
}

Response TakesNone() {
  return Problem(400, "Unknown parameter", "this path takes no parameters");
}

Response List(const AuthContext& context, const Request& request) {
  if (!request.query.empty()) return TakesNone();
  const auto users = ListUsers(context.catalog);
  if (!users) return ProblemFor(users.error());
  Json json;
  json["items"] = Json::array();
  for (const User& user : *users) {
    json["items"].push_back(ToJson(user));
    json["items"].back()["sessions"] = user.sessions;
  }
  return JsonResponse(200, json.dump());
}

// The user as it is now, with the password that was made for it, which is not shown again.
Response Show(const AuthContext& context, int status, const std::string& name,
              const std::string& made) {
  const auto user = FindUser(context.catalog, name);
  if (!user) return ProblemFor(user.error());
  Json json = ToJson(*user);
  if (!made.empty()) json["password"] = made;
  Response response = JsonResponse(status, json.dump());
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

base::Result<std::string> Create(const AuthContext& context, const Request& request,
                                 const JsonFields& fields, std::string& made) {
  NewUser user;
  TAPIARY_ASSIGN(user.name, fields.Text("name"));
  TAPIARY_ASSIGN(const std::optional<Scope> role, RoleIn(fields));
  if (!role) return base::MakeError(base::ErrorCode::kInvalid, "'role' is missing");
  user.role = *role;
  TAPIARY_ASSIGN(const auto password, fields.OptionalText("password"));
  TAPIARY_ASSIGN(const auto must_change, fields.OptionalFlag("must_change"));
  if (!IsUserName(user.name)) {  // before the work of hashing
    return base::MakeError(base::ErrorCode::kInvalid,
                           "'name' is 1 to 32 of a-z, 0-9, '.', '_' and '-', beginning with a "
                           "letter or digit, and not \"me\"");
  }
  TAPIARY_ASSIGN(user.hash, HashFor(context, user.name, password, made));
  user.must_change = must_change.value_or(true);
  TAPIARY_TRY(CreateUser(context.catalog, user, ActorOf(request)));
  return user.name;
}

Response Post(const AuthContext& context, const Request& request, BodySource& body) {
  const auto fields = JsonFields::Read(body, kMaxBody, {"name", "role", "password", "must_change"});
  if (!fields) return ProblemFor(fields.error());
  std::string made;
  const auto name = Create(context, request, *fields, made);
  if (!name) return Refuse(name.error());
  return Show(context, 201, *name, made);
}

Response Get(const AuthContext& context, const Request& request, BodySource&) {
  if (!request.query.empty()) return TakesNone();
  return Show(context, 200, request.path_params.at("name"), {});
}

base::Result<> Change(const AuthContext& context, const Request& request,
                      const JsonFields& fields) {
  UserChange change;
  TAPIARY_ASSIGN(change.role, RoleIn(fields));
  TAPIARY_ASSIGN(change.disabled, fields.OptionalFlag("disabled"));
  return ChangeUser(context.catalog, request.path_params.at("name"), change, ActorOf(request));
}

Response Patch(const AuthContext& context, const Request& request, BodySource& body) {
  const auto fields = JsonFields::Read(body, kMaxBody, {"role", "disabled"});
  if (!fields) return ProblemFor(fields.error());
  const auto changed = Change(context, request, *fields);
  if (!changed) return Refuse(changed.error());
  return Show(context, 200, request.path_params.at("name"), {});
}

Response Delete(const AuthContext& context, const Request& request, BodySource&) {
  const auto removed =
      RemoveUser(context.catalog, request.path_params.at("name"), ActorOf(request));
  return removed ? NoContent() : Refuse(removed.error());
}

base::Result<> Reset(const AuthContext& context, const Request& request, const JsonFields& fields,
                     std::string& made) {
  const std::string& name = request.path_params.at("name");
  TAPIARY_ASSIGN(const auto password, fields.OptionalText("password"));
  TAPIARY_TRY(FindUser(context.catalog, name));  // before the work of hashing
  TAPIARY_ASSIGN(const std::string hash, HashFor(context, name, password, made));
  return SetPassword(context.catalog, name, hash, true, ActorOf(request));
}

Response PostPassword(const AuthContext& context, const Request& request, BodySource& body) {
  const auto fields = JsonFields::Read(body, kMaxBody, {"password"});
  if (!fields) return ProblemFor(fields.error());
  std::string made;
  const auto set = Reset(context, request, *fields, made);
  if (!set) return Refuse(set.error());
  return Show(context, 200, request.path_params.at("name"), made);
}

}  // namespace

std::vector<Route> UserRoutes(const AuthContext& context) {
  const auto with = [context](auto function) {
    return [context, function](const Request& request, BodySource& body) {
      return function(context, request, body);
    };
  };
  const auto list = [context](const Request& request, BodySource&) {
    return List(context, request);
  };
  const char* const all = "/api/v1/users";
  const char* const one = "/api/v1/users/{name}";
  return {{"GET", all, Scope::kAdmin, list},
          {"POST", all, Scope::kAdmin, with(Post), kMaxBody},
          {"GET", one, Scope::kAdmin, with(Get)},
          {"PATCH", one, Scope::kAdmin, with(Patch), kMaxBody},
          {"DELETE", one, Scope::kAdmin, with(Delete)},
          {"POST", "/api/v1/users/{name}/password", Scope::kAdmin, with(PostPassword), kMaxBody}};
}

}  // namespace tapiary::server
