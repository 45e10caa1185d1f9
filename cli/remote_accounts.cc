// Accounts by a collector's API. What comes from there is checked before it is shown.
#include <fmt/core.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "cli/accounts.h"
#include "cli/collector_client.h"

namespace tapiary::cli {
namespace {

using Json = nlohmann::ordered_json;
using base::ErrorCode;
using base::MakeError;

constexpr int kMaxPages = 1000;

base::Error NotUnderstood() {
  return MakeError(ErrorCode::kCorrupt, "the collector's answer is not understood");
}

base::Result<> Parse(const CollectorAnswer& answer, Json* json) {
  *json = Json::parse(answer.body, nullptr, false);
  if (!json->is_object()) return NotUnderstood();
  return {};
}

// Text is sent with its unprintable bytes escaped.
base::Result<std::string> TextOf(const Json& json, const char* name) {
  const auto at = json.find(name);
  if (at == json.end() || !at->is_string()) return NotUnderstood();
  const auto& text = at->get_ref<const std::string&>();
  auto bytes = base::UnescapeBytes(text);
  return bytes ? std::move(*bytes) : text;
}

base::Result<std::optional<std::int64_t>> TimeOf(const Json& json, const char* name) {
  const auto at = json.find(name);
  if (at == json.end() || at->is_null()) return std::optional<std::int64_t>();
  if (!at->is_string()) return NotUnderstood();
  const auto time_ns = base::ParseTime(at->get_ref<const std::string&>());
  if (!time_ns) return NotUnderstood();
  return std::optional(*time_ns);
}

std::int64_t NumberOf(const Json& json, const char* name) {
  const auto at = json.find(name);
  return at != json.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

base::Result<server::TokenInfo> TokenOf(const Json& json) {
  if (!json.is_object()) return NotUnderstood();
  server::TokenInfo token;
  token.id = NumberOf(json, "id");
  TAPIARY_ASSIGN(token.name, TextOf(json, "name"));
  TAPIARY_ASSIGN(token.scope, TextOf(json, "scope"));
  if (auto user = TextOf(json, "user")) token.user = std::move(*user);  // null: nobody's
  TAPIARY_ASSIGN(const auto created_ns, TimeOf(json, "created"));
  token.created_ns = created_ns.value_or(0);
  TAPIARY_ASSIGN(token.expires_ns, TimeOf(json, "expires"));
  TAPIARY_ASSIGN(token.last_used_ns, TimeOf(json, "last_used"));
  TAPIARY_ASSIGN(token.revoked_ns, TimeOf(json, "revoked"));
  return token;
}

base::Result<server::User> UserOf(const Json& json) {
  if (!json.is_object()) return NotUnderstood();
  server::User user;
  TAPIARY_ASSIGN(user.name, TextOf(json, "name"));
  TAPIARY_ASSIGN(const std::string role, TextOf(json, "role"));
  const auto parsed = server::ParseRole(role);
  if (!parsed) return NotUnderstood();
  user.role = *parsed;
  TAPIARY_ASSIGN(const auto created_ns, TimeOf(json, "created"));
  user.created_ns = created_ns.value_or(0);
  TAPIARY_ASSIGN(user.disabled_ns, TimeOf(json, "disabled"));
  TAPIARY_ASSIGN(user.last_login_ns, TimeOf(json, "last_login"));
  user.must_change = json.contains("must_change") && json["must_change"] == true;
  user.sessions = NumberOf(json, "sessions");
  return user;
}

class RemoteAccounts final : public Accounts {
 public:
  explicit RemoteAccounts(std::unique_ptr<CollectorClient> client) : client_(std::move(client)) {}

  base::Result<std::string> CreateToken(const TokenWish& wish) override {
    if (!wish.user.empty()) {
      return MakeError(ErrorCode::kInvalid,
                       "--user works on the collector's host alone: people make tokens of their "
                       "own on their account page");
    }
    Json body{{"name", wish.name}, {"scope", wish.scope}};
    if (!wish.lifetime.empty()) body["expires_in"] = wish.lifetime;
    return Ask("POST", "/api/v1/tokens", body, "token");
  }

  base::Result<std::string> RotateToken(std::int64_t id, const std::string& overlap) override {
    return Ask("POST", "/api/v1/tokens/" + std::to_string(id) + "/rotate", {{"overlap", overlap}},
               "token");
  }

  base::Result<> RevokeToken(std::int64_t id) override {
    return Do("DELETE", "/api/v1/tokens/" + std::to_string(id), "");
  }

  base::Result<std::vector<server::TokenInfo>> ListTokens() override {
    std::vector<server::TokenInfo> tokens;
    std::string after;
    for (int page = 0; page < kMaxPages; ++page) {
      TAPIARY_ASSIGN(const CollectorAnswer answer,
                     client_->Get("/api/v1/tokens", {{"limit", "1000"}, {"after", after}}));
      Json json;
      TAPIARY_TRY(Parse(answer, &json));
      for (const Json& item : json.value("items", Json::array())) {
        TAPIARY_ASSIGN(server::TokenInfo token, TokenOf(item));
        tokens.push_back(std::move(token));
      }
      if (!json.contains("next") || !json["next"].is_string()) return tokens;
      after = json["next"].get<std::string>();
    }
    return MakeError(ErrorCode::kTooLarge, "the collector's list of tokens has no end");
  }

  base::Result<std::string> CreateUser(const std::string& name, server::Scope role,
                                       const PasswordWish& password) override {
    Json body{{"name", name},
              {"role", std::string(server::ToString(role))},
              {"must_change", password.must_change || password.text.empty()}};
    return SendPassword("/api/v1/users", std::move(body), password);
  }

  base::Result<std::string> SetPassword(const std::string& name,
                                        const PasswordWish& password) override {
    return SendPassword("/api/v1/users/" + EncodeSegment(name) + "/password", Json::object(),
                        password);
  }

  base::Result<> ChangeUser(const std::string& name, const server::UserChange& change) override {
    Json body = Json::object();
    if (change.role) body["role"] = std::string(server::ToString(*change.role));
    if (change.disabled) body["disabled"] = *change.disabled;
    return Do("PATCH", "/api/v1/users/" + EncodeSegment(name), Dump(body));
  }

  base::Result<> RemoveUser(const std::string& name) override {
    return Do("DELETE", "/api/v1/users/" + EncodeSegment(name), "");
  }

  base::Result<std::vector<server::User>> ListUsers() override {
    TAPIARY_ASSIGN(const CollectorAnswer answer, client_->Get("/api/v1/users"));
    Json json;
    TAPIARY_TRY(Parse(answer, &json));
    std::vector<server::User> users;
    for (const Json& item : json.value("items", Json::array())) {
      TAPIARY_ASSIGN(server::User user, UserOf(item));
      users.push_back(std::move(user));
    }
    return users;
  }

 private:
  // A name of bytes that are no text is the collector's to refuse.
  static std::string Dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  // Who works on the collector's host may have meant its catalog, and TAPIARY_COLLECTOR is set for
  // reading.
  base::Result<CollectorAnswer> Send(const char* method, const std::string& path,
                                     const std::string& body) {
    auto answer = client_->Send(method, path, body);
    if (answer || answer.error().code != ErrorCode::kPermission) return answer;
    const char* const said = std::getenv("TAPIARY_COLLECTOR");
    base::Error error = answer.error();
    error.message += fmt::format(
        "; {} was asked{}: on its host, --catalog FILE needs no token", client_->url(),
        said != nullptr && client_->url().starts_with(said) ? ", since TAPIARY_COLLECTOR names it"
                                                            : "");
    return error;
  }

  base::Result<> Do(const char* method, const std::string& path, const std::string& body) {
    TAPIARY_TRY(Send(method, path, body));
    return {};
  }

  // The member `wanted` of the answer.
  base::Result<std::string> Ask(const char* method, const std::string& path, const Json& body,
                                const char* wanted) {
    TAPIARY_ASSIGN(const CollectorAnswer answer, Send(method, path, Dump(body)));
    Json json;
    TAPIARY_TRY(Parse(answer, &json));
    return TextOf(json, wanted);
  }

  base::Result<std::string> SendPassword(const std::string& path, Json body,
                                         const PasswordWish& password) {
    if (password.text.empty()) return Ask("POST", path, body, "password");
    body["password"] = password.text;
    TAPIARY_TRY(Do("POST", path, Dump(body)));
    return std::string();
  }

  std::unique_ptr<CollectorClient> client_;
};

}  // namespace

base::Result<std::unique_ptr<Accounts>> OpenRemoteAccounts(const CollectorOptions& collector) {
  TAPIARY_ASSIGN(auto client, CollectorClient::Open(collector));
  return std::unique_ptr<Accounts>(std::make_unique<RemoteAccounts>(std::move(client)));
}

}  // namespace tapiary::cli
