#include "server/auth/session.h"

#include "tests/server/auth/fixture.h"

namespace tapiary::server::test {
namespace {

class SessionTest : public AuthTest {
 protected:
  Response Ask(const std::string& method, const std::string& text = {},
               const std::string& path = "/api/v1/session") {
    return Call(SessionRoutes(context_), method, path, text);
  }
  Response LogInAs(const std::string& user, const std::string& password) {
    nlohmann::json json;
    json["user"] = user;
    json["password"] = password;
    return Ask("POST", json.dump());
  }
  static nlohmann::json Json(const Response& response) {
    return nlohmann::json::parse(response.body, nullptr, false);
  }
  void Carry(const std::string& cookie) {
    request_.headers["cookie"] = "a=b; __Host-tapiary=" + cookie;
    const auto identity = Session(cookie);
    request_.identity = identity ? *identity : Identity();
  }
};

TEST_F(SessionTest, APersonGetsACookieForThisHostOnly) {
  AddUser("ann", Scope::kAnalyst);
  const Response response = LogInAs("ann", kGood);
  EXPECT_EQ(response.status, 200);
  const std::string cookie = CookieOf(response);
  EXPECT_TRUE(Session(cookie));
  EXPECT_EQ(Header(response, "Set-Cookie"),
            "__Host-tapiary=" + cookie + "; Path=/; Secure; HttpOnly; SameSite=Strict");
  EXPECT_EQ(Header(response, "Cache-Control"), "no-store");
  const auto json = Json(response);
  EXPECT_EQ(json["name"], "ann");
  EXPECT_EQ(json["user"], "ann");
  EXPECT_EQ(json["scope"], "analyst");
  EXPECT_EQ(json["must_change"], false);
  EXPECT_TRUE(json["expires"].is_string());
}

TEST_F(SessionTest, CO08_ATokenOpensASessionAndIsNotInItsCookie) {
  const std::string token = Make("ann", Scope::kViewer);
  const Response response = Ask("POST", "{\"token\":\"" + token + "\"}");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Header(response, "Set-Cookie").find(token), std::string::npos);
  EXPECT_EQ(response.body.find(token), std::string::npos);
  EXPECT_EQ(Session(CookieOf(response))->scope, Scope::kViewer);
  EXPECT_EQ(Json(response)["name"], "ann");
  EXPECT_TRUE(Json(response)["user"].is_null());
}

TEST_F(SessionTest, ASensorGetsNone) {
  const Response response = Ask("POST", "{\"token\":\"" + Make("plant-a", Scope::kSensor) + "\"}");
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(Header(response, "Set-Cookie"), "");
}

TEST_F(SessionTest, BrokenBodiesAreRefused) {
  for (const char* text :
       {"", "{", "[]", "{}", "{\"token\":1}", "null", "\xff", "{\"token\":\"\"}",
        "{\"user\":\"ann\"}", "{\"password\":\"x\"}", "{\"user\":[],\"password\":\"x\"}",
        "{\"user\":\"ann\",\"password\":true}", "{\"user\":\"a\",\"password\":\"x\",\"x\":\"y\"}",
        "{\"user\":\"a\",\"password\":\"x\",\"token\":\"tap_\"}"}) {
    EXPECT_EQ(Ask("POST", text).status, 400) << text;
  }
  EXPECT_EQ(Ask("POST", std::string(2049, ' ')).status, 413);
  EXPECT_EQ(Ask("POST", std::string(2000, '[')).status, 400);
}

TEST_F(SessionTest, GuessingTokensEndsAfterTwenty) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Ask("POST", R"({"token":"tap_x"})").status, 401);
  const Response response = Ask("POST", R"({"token":"tap_x"})");
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(Header(response, "Retry-After"), "61");
  // Who shares the guesser's address (a proxy, a NAT) is not locked out with him.
  const std::string good = Make("ann", Scope::kViewer);
  EXPECT_EQ(Ask("POST", "{\"token\":\"" + good + "\"}").status, 200);
}

TEST_F(SessionTest, GuessingPasswordsTellsHowLongToWait) {
  AddUser("ann", Scope::kAnalyst);
  for (int i = 0; i < 5; ++i) {
    const Response wrong = LogInAs("ann", "wrong password");
    EXPECT_EQ(wrong.status, 401);
    EXPECT_EQ(wrong.body, LogInAs("nobody", "wrong password").body);
  }
  const Response response = LogInAs("ann", kGood);
  EXPECT_EQ(response.status, 429);
  EXPECT_GT(std::stoi(Header(response, "Retry-After")), 800);
}

TEST_F(SessionTest, CO01_AnotherSiteCannotLogSomebodyIn) {
  AddUser("ann", Scope::kAnalyst);
  request_.headers["sec-fetch-site"] = "cross-site";
  EXPECT_EQ(LogInAs("ann", kGood).status, 403);
  EXPECT_EQ(Ask("DELETE").status, 403);
  request_.headers.clear();
  request_.headers["host"] = "collector.example";
  request_.headers["origin"] = "https://evil.example";
  EXPECT_EQ(LogInAs("ann", kGood).status, 403);
  request_.headers["origin"] = "https://collector.example";
  EXPECT_EQ(LogInAs("ann", kGood).status, 200);
}

TEST_F(SessionTest, ShowsAndEnds) {
  AddUser("ann", Scope::kAdmin);
  const std::string cookie = CookieOf(LogInAs("ann", kGood));
  Carry(cookie);
  EXPECT_EQ(Json(Ask("GET"))["name"], "ann");
  const Response response = Ask("DELETE");
  EXPECT_EQ(response.status, 204);
  EXPECT_NE(Header(response, "Set-Cookie").find("__Host-tapiary=; "), std::string::npos);
  EXPECT_NE(Header(response, "Set-Cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_FALSE(Session(cookie));
  EXPECT_EQ(Ask("DELETE").status, 204);  // once more is no error
  EXPECT_EQ(Number("SELECT COUNT(*) FROM audit WHERE action = 'logout'"), 1);
}

TEST_F(SessionTest, PeopleSeeAndEndTheirOwnSessionsAdministratorsAll) {
  AddUser("ann", Scope::kAdmin);
  AddUser("bob", Scope::kAnalyst);
  const std::string ann = CookieOf(LogInAs("ann", kGood));
  const std::string bob = CookieOf(LogInAs("bob", kGood));
  const std::string path = "/api/v1/sessions";
  const auto id_of = [&](const std::string& cookie) {
    return path + "/" + std::to_string(Session(cookie)->session_id);
  };
  const std::string ann_path = id_of(ann);
  const std::string bob_path = id_of(bob);
  Carry(bob);
  EXPECT_EQ(Json(Ask("GET", "", path))["items"].size(), 1U);
  EXPECT_EQ(Json(Ask("GET", "", path))["items"][0]["this"], true);
  EXPECT_EQ(Ask("DELETE", "", ann_path).status, 404);
  EXPECT_TRUE(Session(ann));
  for (const char* bad : {"x", "1x", "-1", "99999999999999999999"}) {
    EXPECT_EQ(Ask("DELETE", "", path + "/" + bad).status, 404) << bad;
  }
  Carry(ann);
  EXPECT_EQ(Json(Ask("GET", "", path))["items"].size(), 2U);
  EXPECT_EQ(Ask("DELETE", "", bob_path).status, 204);
  EXPECT_FALSE(Session(bob));
  request_.query["all"] = "1";
  EXPECT_EQ(Ask("GET", "", path).status, 400);
}

TEST_F(SessionTest, ThePasswordIsChangedByWhoKnowsTheOldOne) {
  AddUser("ann", Scope::kViewer, kGood, true);
  const std::string path = "/api/v1/users/me/password";
  const std::string cookie = CookieOf(LogInAs("ann", kGood));
  Carry(cookie);
  EXPECT_TRUE(request_.identity.must_change);
  EXPECT_EQ(Ask("POST", R"({"old":"wrong password","new":"a new and longer one"})", path).status,
            401);
  EXPECT_EQ(Ask("POST", R"({"old":"correct horse battery","new":"short"})", path).status, 400);
  EXPECT_EQ(Ask("POST", R"({"old":"correct horse battery"})", path).status, 400);
  const Response response =
      Ask("POST", R"({"old":"correct horse battery","new":"a new and longer one"})", path);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.find("longer"), std::string::npos);
  EXPECT_FALSE(Session(cookie));
  EXPECT_FALSE(Session(CookieOf(response))->must_change);
  // Not by a token of hers, which somebody may have found.
  request_.identity.token_id = 7;
  EXPECT_EQ(Ask("POST", R"({"old":"a new and longer one","new":"another long one"})", path).status,
            403);
}

}  // namespace
}  // namespace tapiary::server::test
