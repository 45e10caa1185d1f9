#include "server/auth/token_routes.h"

#include "base/clock.h"
#include "tests/server/auth/fixture.h"

namespace tapiary::server::test {
namespace {

class TokenRoutesTest : public AuthTest {
 protected:
  void SetUp() override {
    AddUser("ann", Scope::kAdmin);
    AddUser("bob", Scope::kAnalyst);
  }
  void As(const std::string& user, std::int64_t token_id = 0) {
    const auto found = FindUser(*catalog_, user);
    ASSERT_TRUE(found);
    request_.identity = {};
    request_.identity.scope = found->role;
    request_.identity.user_id = found->id;
    request_.identity.user_name = user;
    request_.identity.token_id = token_id;
  }
  Response Ask(const std::string& method, const std::string& path, const std::string& text = {}) {
    return Call(TokenRoutes(context_), method, "/api/v1/tokens" + path, text);
  }
  static nlohmann::json Json(const Response& response) {
    return nlohmann::json::parse(response.body, nullptr, false);
  }
  std::string Created(const std::string& text) {
    const Response response = Ask("POST", "", text);
    EXPECT_EQ(response.status, 201) << response.body;
    const auto json = Json(response);
    return json.contains("token") ? json["token"].get<std::string>() : std::string();
  }
  base::Result<Identity> Who(const std::string& token) {
    return FindIdentity(*catalog_, token, base::WallNow());
  }
};

TEST_F(TokenRoutesTest, AnAdministratorMakesTokensForSensorsAndPrograms) {
  As("ann");
  const std::string sensor = Created(R"({"name":"plant-a","scope":"sensor"})");
  EXPECT_EQ(Who(sensor)->sensor_name, "plant-a");
  const std::string program = Created(R"({"name":"ci","scope":"admin","expires_in":"30d"})");
  EXPECT_EQ(Who(program)->user_id, 0);
  EXPECT_GT(Who(program)->expires_ns, base::WallNow());
  EXPECT_EQ(Who(Created(R"({"name":"mine","scope":"viewer","own":true})"))->user_name, "ann");
}

TEST_F(TokenRoutesTest, OthersMakeTheirOwnUpToTheirRole) {
  As("bob");
  const std::string token = Created(R"({"name":"script","scope":"analyst"})");
  EXPECT_EQ(Who(token)->user_name, "bob");
  EXPECT_EQ(Who(token)->scope, Scope::kAnalyst);
  EXPECT_EQ(ActorOf(*Who(token)).substr(0, 13), "bob by token ");
  for (const char* scope : {"admin", "sensor"}) {
    EXPECT_EQ(Ask("POST", "", std::string(R"({"name":"x","scope":")") + scope + "\"}").status, 403)
        << scope;
  }
  As("bob", Who(token)->token_id);  // by the token itself: it may not make another
  EXPECT_EQ(Ask("POST", "", R"({"name":"x","scope":"viewer"})").status, 403);
  EXPECT_EQ(Ask("POST", "/" + std::to_string(Who(token)->token_id) + "/rotate").status, 403);
  request_.identity = {};  // a token that belongs to nobody
  request_.identity.scope = Scope::kViewer;
  request_.identity.token_id = 99;
  EXPECT_EQ(Ask("POST", "", R"({"name":"x","scope":"viewer"})").status, 403);
  EXPECT_EQ(Json(Ask("GET", ""))["items"].size(), 0U);
}

TEST_F(TokenRoutesTest, WhatIsWrongIsRefused) {
  As("ann");
  for (const char* text :
       {"", "{}", R"({"name":"x"})", R"({"scope":"viewer"})", R"({"name":"x","scope":"root"})",
        R"({"name":"x","scope":"public"})", R"({"name":"A B","scope":"sensor"})",
        R"({"name":"","scope":"viewer"})", R"({"name":"x\ny","scope":"viewer"})",
        R"({"name":"x","scope":"viewer","expires_in":"0s"})",
        R"({"name":"x","scope":"viewer","expires_in":"soon"})",
        R"({"name":"x","scope":"viewer","expires_in":"99999999999d"})",
        R"({"name":"x","scope":"viewer","user":"bob"})"}) {
    EXPECT_EQ(Ask("POST", "", text).status, 400) << text;
  }
  EXPECT_EQ(Number("SELECT COUNT(*) FROM tokens"), 0);
  for (const char* id : {"0", "-1", "x", "1;2", "99999999999999999999", "77"}) {
    EXPECT_GE(Ask("DELETE", std::string("/") + id).status, 404) << id;
  }
}

TEST_F(TokenRoutesTest, EachSeesAndEndsTheirOwn) {
  As("ann");
  const auto anns = Who(Created(R"({"name":"a","scope":"viewer","own":true})"))->token_id;
  As("bob");
  const std::string token = Created(R"({"name":"b","scope":"viewer"})");
  const auto bobs = Who(token)->token_id;
  EXPECT_EQ(Json(Ask("GET", ""))["items"].size(), 1U);
  EXPECT_EQ(Ask("DELETE", "/" + std::to_string(anns)).status, 404);
  EXPECT_EQ(Ask("POST", "/" + std::to_string(anns) + "/rotate").status, 404);
  EXPECT_EQ(Ask("DELETE", "/" + std::to_string(bobs)).status, 204);
  EXPECT_FALSE(Who(token));
  EXPECT_EQ(Ask("POST", "/" + std::to_string(bobs) + "/rotate").status, 409);
  As("ann");
  const auto all = Json(Ask("GET", ""));
  EXPECT_EQ(all["items"].size(), 2U);
  EXPECT_FALSE(all["items"][0].contains("token"));
  EXPECT_EQ(all["items"][1]["user"], "bob");
  EXPECT_TRUE(all["items"][1]["revoked"].is_string());
}

TEST_F(TokenRoutesTest, RotationKeepsTheOldOneForAWhile) {
  As("ann");
  const std::string old = Created(R"({"name":"plant-a","scope":"sensor","expires_in":"365d"})");
  const std::string path = "/" + std::to_string(Who(old)->token_id) + "/rotate";
  const Response response = Ask("POST", path, R"({"overlap":"1h"})");
  EXPECT_EQ(response.status, 201);
  const std::string fresh = Json(response)["token"];
  EXPECT_NE(fresh, old);
  EXPECT_EQ(Who(fresh)->sensor_name, "plant-a");
  EXPECT_EQ(Who(fresh)->sensor_id, Who(old)->sensor_id);
  const std::int64_t hour = 3600 * base::kNanosPerSecond;
  const std::int64_t now = base::WallNow();
  EXPECT_TRUE(FindIdentity(*catalog_, old, now + hour / 2));
  EXPECT_FALSE(FindIdentity(*catalog_, old, now + 2 * hour));
  EXPECT_TRUE(FindIdentity(*catalog_, fresh, now + 364 * 24 * hour));
  EXPECT_FALSE(FindIdentity(*catalog_, fresh, now + 366 * 24 * hour));
  // Another one like it would end as soon as this one.
  const Response again = Ask("POST", path, R"({"overlap":"0s"})");
  EXPECT_EQ(again.status, 409);
  EXPECT_NE(again.body.find("was replaced by token "), std::string::npos) << again.body;
  EXPECT_TRUE(Who(old));
  for (const char* bad : {"-1s", "91d", "x", ""}) {
    EXPECT_EQ(Ask("POST", "/" + std::to_string(Who(fresh)->token_id) + "/rotate",
                  std::string(R"({"overlap":")") + bad + "\"}")
                  .status,
              400)
        << bad;
  }
}

TEST_F(TokenRoutesTest, AUserHasFiftyAtMost) {
  As("bob");
  for (int i = 0; i < 50; ++i) Created(R"({"name":"b","scope":"viewer"})");
  EXPECT_EQ(Ask("POST", "", R"({"name":"b","scope":"viewer"})").status, 409);
  EXPECT_EQ(Ask("POST", "/1/rotate").status, 409);
}

TEST_F(TokenRoutesTest, ListsByPages) {
  As("ann");
  for (int i = 0; i < 5; ++i) Created(R"({"name":"b","scope":"viewer"})");
  request_.query["limit"] = "2";
  int pages = 0;
  std::size_t items = 0;
  for (;;) {
    const auto page = Json(Ask("GET", ""));
    ++pages;
    items += page["items"].size();
    if (page["next"].is_null()) break;
    request_.query["after"] = page["next"].get<std::string>();
  }
  EXPECT_EQ(items, 5U);
  EXPECT_EQ(pages, 3);
  request_.query["limit"] = "1001";
  EXPECT_EQ(Ask("GET", "").status, 400);
  request_.query = {{"color", "blue"}};
  EXPECT_EQ(Ask("GET", "").status, 400);
}

}  // namespace
}  // namespace tapiary::server::test
