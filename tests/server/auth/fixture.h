// A catalog in a folder of its own, and the routes of auth over it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "server/auth/login.h"
#include "server/auth/tokens.h"
#include "server/auth/users.h"
#include "server/catalog/catalog.h"
#include "server/http/router.h"
#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"

namespace tapiary::server::test {

// Argon2id at its cheapest, so that tests are quick.
inline constexpr PasswordCost kCheap{.passes = 1, .memory_bytes = 8192};
inline constexpr const char* kGood = "correct horse battery";

class TextBody : public BodySource {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t size = text_.copy(buffer.data(), buffer.size(), at_);
    at_ += size;
    return size;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

class AuthTest : public testing::Test {
 protected:
  std::string Make(const std::string& name, Scope scope,
                   std::optional<std::int64_t> expires_ns = {}) {
    const auto token = CreateToken(*catalog_, {name, scope, expires_ns});
    return token ? *token : "error: " + token.error().ToString();
  }
  void AddUser(const std::string& name, Scope role, const std::string& password = kGood,
               bool must_change = false) {
    const auto hash = passwords_.Hash(password);
    ASSERT_TRUE(hash);
    const auto made = CreateUser(*catalog_, {name, role, *hash, must_change}, HostActor());
    ASSERT_TRUE(made) << made.error().message;
  }
  std::int64_t Number(const std::string& sql) {
    std::int64_t number = -1;
    const auto done = catalog_->Query(sql, {}, [&](const SqlRow& row) {
      number = row.Int(0);
      return false;
    });
    EXPECT_TRUE(done);
    return number;
  }
  // All texts of a column, one a line.
  std::string Texts(const std::string& sql) {
    std::string all;
    const auto done = catalog_->Query(sql, {}, [&](const SqlRow& row) {
      all += std::string(row.Text(0)) + '\n';
      return true;
    });
    EXPECT_TRUE(done);
    return all;
  }
  // Calls the handler of a route as the gate would have admitted it.
  Response Call(const std::vector<Route>& routes, const std::string& method,
                const std::string& path, const std::string& text = {}) {
    const Router router(routes);
    Router::Match match = router.Find(method, path);
    EXPECT_NE(match.route, nullptr) << method << ' ' << path;
    if (match.route == nullptr) return {};
    Request request = request_;
    request.method = method;
    request.path = path;
    request.path_params = std::move(match.params);
    TextBody body(text);
    return match.route->handler(request, body);
  }
  static std::string Header(const Response& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }
  // The session's text in an answer's Set-Cookie.
  static std::string CookieOf(const Response& response) {
    const std::string header = Header(response, "Set-Cookie");
    const std::size_t equals = header.find('=');
    if (equals == std::string::npos) return {};
    return header.substr(equals + 1, header.find(';') - equals - 1);
  }
  base::Result<Identity> Session(const std::string& cookie) {
    return FindSession(*catalog_, cookie, context_.sessions, base::WallNow());
  }

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_ =
      std::move(*Catalog::Open(TestCatalog(folder_.path() + "/catalog.sqlite")));
  Attempts attempts_;
  Attempts logins_;
  Passwords passwords_{kCheap};
  AuthContext context_{*catalog_, attempts_, logins_, passwords_};
  Request request_ = [] {
    Request request;
    request.peer = "10.0.0.1";
    return request;
  }();
};

}  // namespace tapiary::server::test
