#include "server/auth/user_routes.h"

#include "tests/server/auth/fixture.h"

namespace tapiary::server::test {
namespace {

class UserRoutesTest : public AuthTest {
 protected:
  void SetUp() override {
    AddUser("ann", Scope::kAdmin);
    request_.identity.scope = Scope::kAdmin;
    request_.identity.user_name = "ann";
  }
  Response Ask(const std::string& method, const std::string& path, const std::string& text = {}) {
    return Call(UserRoutes(context_), method, "/api/v1/users" + path, text);
  }
  static nlohmann::json Json(const Response& response) {
    return nlohmann::json::parse(response.body, nullptr, false);
  }
  bool LogsIn(const std::string& user, const std::string& password) {
    LoginTry attempt;
    attempt.user = user;
    attempt.password = password;
    attempt.peer = "10.0.0.1";
    return LogIn(context_, attempt)->outcome == LoginAnswer::Outcome::kIn;
  }
};

TEST_F(UserRoutesTest, AllAreTheAdministrators) {
  for (const Route& route : UserRoutes(context_)) {
    EXPECT_EQ(route.scope, Scope::kAdmin) << route.pattern;
    EXPECT_FALSE(route.with_old_password) << route.pattern;
  }
}

TEST_F(UserRoutesTest, MakesAUserWithAPasswordThatIsShownOnceAndMustBeChanged) {
  const Response response = Ask("POST", "", R"({"name":"bob","role":"analyst"})");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(Header(response, "Cache-Control"), "no-store");
  const auto json = Json(response);
  EXPECT_EQ(json["role"], "analyst");
  EXPECT_EQ(json["must_change"], true);
  EXPECT_TRUE(LogsIn("bob", json["password"]));
  EXPECT_FALSE(Json(Ask("GET", "/bob")).contains("password"));
  EXPECT_EQ(Texts("SELECT actor FROM audit WHERE action = 'user create' AND detail LIKE '%bob%'"),
            "ann\n");
}

TEST_F(UserRoutesTest, CO08_NoAnswerHoldsAHashAndNoRefusalAGivenPassword) {
  const Response made = Ask(
      "POST", "",
      R"({"name":"bob","role":"viewer","password":"correct horse battery","must_change":false})");
  EXPECT_EQ(made.status, 201);
  for (const Response& response :
       {Ask("GET", ""), Ask("GET", "/bob"), Ask("PATCH", "/bob", R"({"role":"analyst"})"),
        Ask("POST", "/bob/password", R"({"password":"secretshort"})"),
        Ask("POST", "", R"({"name":"carl","role":"viewer","password":"secretshort"})"),
        Ask("POST", "", R"({"name":"bob","role":"viewer","password":"secret horse battery"})"),
        Ask("POST", "", R"({"name":"carl","role":"viewer","pass":"secret horse battery"})")}) {
    EXPECT_EQ(response.body.find("argon2"), std::string::npos) << response.body;
    EXPECT_EQ(response.body.find("secret"), std::string::npos) << response.body;
    EXPECT_EQ(response.body.find("horse"), std::string::npos) << response.body;
  }
  EXPECT_EQ(Texts("SELECT detail FROM audit").find("horse"), std::string::npos);
}

TEST_F(UserRoutesTest, WhatIsWrongIsRefused) {
  for (const char* text :
       {"", "{}", "[]", R"({"name":"bob"})", R"({"role":"viewer"})",
        R"({"name":"Bob","role":"viewer"})", R"({"name":"me","role":"viewer"})",
        R"({"name":"b/../ob","role":"viewer"})", R"({"name":"b\u00f6b","role":"viewer"})",
        R"({"name":"bob","role":"sensor"})", R"({"name":"bob","role":"root"})",
        R"({"name":"bob","role":"viewer","password":"short"})",
        R"({"name":"bob","role":"viewer","admin":true})", R"({"name":["bob"],"role":"viewer"})"}) {
    EXPECT_EQ(Ask("POST", "", text).status, 400) << text;
  }
  EXPECT_EQ(Ask("POST", "", R"({"name":"ann","role":"viewer"})").status, 409);
  EXPECT_EQ(Ask("GET", "/bob").status, 404);
  EXPECT_EQ(Ask("PATCH", "/bob", R"({"role":"viewer"})").status, 404);
  EXPECT_EQ(Ask("PATCH", "/ann", R"({"role":"sensor"})").status, 400);
  EXPECT_EQ(Ask("PATCH", "/ann", R"({"disabled":"yes"})").status, 400);
  EXPECT_EQ(Ask("DELETE", "/bob").status, 404);
  EXPECT_EQ(Ask("POST", "/bob/password", "").status, 404);
  EXPECT_EQ(Ask("DELETE", "/' OR '1'='1").status, 404);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM users"), 1);
}

TEST_F(UserRoutesTest, ChangesDisablesResetsAndRemoves) {
  AddUser("bob", Scope::kViewer);
  EXPECT_EQ(Json(Ask("PATCH", "/bob", R"({"role":"admin"})"))["role"], "admin");
  EXPECT_TRUE(Json(Ask("PATCH", "/bob", R"({"disabled":true})"))["disabled"].is_string());
  EXPECT_FALSE(LogsIn("bob", kGood));
  EXPECT_TRUE(Json(Ask("PATCH", "/bob", R"({"disabled":false})"))["disabled"].is_null());
  const auto reset = Json(Ask("POST", "/bob/password"));
  EXPECT_EQ(reset["must_change"], true);
  EXPECT_FALSE(LogsIn("bob", kGood));
  EXPECT_TRUE(LogsIn("bob", reset["password"]));
  EXPECT_EQ(Json(Ask("GET", ""))["items"].size(), 2U);
  EXPECT_EQ(Json(Ask("GET", ""))["items"][1]["sessions"], 1);
  EXPECT_EQ(Ask("DELETE", "/bob").status, 204);
  const Response last = Ask("DELETE", "/ann");
  EXPECT_EQ(last.status, 409);
  EXPECT_NE(last.body.find("last administrator"), std::string::npos);
}

}  // namespace
}  // namespace tapiary::server::test
