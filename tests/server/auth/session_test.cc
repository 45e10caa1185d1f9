#include "server/auth/session.h"

#include "tests/server/auth/fixture.h"

namespace tapiary::server::test {
namespace {

class SessionTest : public AuthTest {
 protected:
  Response Call(const std::string& method, const std::string& text, const Identity& identity = {}) {
    for (const Route& route : routes_) {
      if (route.method != method) continue;
      Request request;
      request.peer = "10.0.0.1";
      request.identity = identity;
      TextBody body(text);
      return route.handler(request, body);
    }
    return {};
  }
  static std::string Header(const Response& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }

  Attempts attempts_;
  std::vector<Route> routes_ = SessionRoutes(*catalog_, attempts_);
};

TEST_F(SessionTest, AViewerGetsACookieForThisHostOnly) {
  const std::string token = Make("ann", Scope::kViewer);
  const Response response = Call("POST", "{\"token\":\"" + token + "\"}");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Header(response, "Set-Cookie"),
            "__Host-tapiary=" + token + "; Path=/; Secure; HttpOnly; SameSite=Strict");
  EXPECT_EQ(response.body, R"({"name":"ann","scope":"viewer"})");
}

TEST_F(SessionTest, ASensorGetsNone) {
  const Response response = Call("POST", "{\"token\":\"" + Make("plant-a", Scope::kSensor) + "\"}");
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(Header(response, "Set-Cookie"), "");
}

TEST_F(SessionTest, BrokenBodiesAreRefused) {
  for (const char* text : {"", "{", "[]", "{\"token\":1}", "null", "\xff"}) {
    EXPECT_EQ(Call("POST", text).status, 400) << text;
  }
  EXPECT_EQ(Call("POST", std::string(1025, ' ')).status, 413);
}

TEST_F(SessionTest, GuessingEndsAfterTwenty) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Call("POST", R"({"token":"tap_x"})").status, 401);
  const Response response = Call("POST", R"({"token":"tap_x"})");
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(Header(response, "Retry-After"), "60");
  // Who shares the guesser's address (a proxy, a NAT) is not locked out with him.
  const std::string good = Make("ann", Scope::kViewer);
  EXPECT_EQ(Call("POST", "{\"token\":\"" + good + "\"}").status, 200);
}

TEST_F(SessionTest, ShowsAndEnds) {
  Identity bob;
  bob.scope = Scope::kAdmin;
  bob.token_name = "bob";
  EXPECT_EQ(Call("GET", "", bob).body, R"({"name":"bob","scope":"admin"})");
  const Response response = Call("DELETE", "");
  EXPECT_EQ(response.status, 204);
  EXPECT_NE(Header(response, "Set-Cookie").find("__Host-tapiary=; "), std::string::npos);
  EXPECT_NE(Header(response, "Set-Cookie").find("Max-Age=0"), std::string::npos);
}

}  // namespace
}  // namespace tapiary::server::test
