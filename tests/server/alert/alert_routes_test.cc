#include "server/alert/alert_routes.h"

#include "tests/server/alert/api_fixture.h"

namespace tapiary::server::test {
namespace {

TEST_F(AlertApi, ListsPagesAndFilters) {
  Rule(kRule);
  Raise(5);
  const auto first = Json(Call("GET", "", "", {{"limit", "2"}}));
  ASSERT_EQ(first["items"].size(), 2u);
  const std::string next = first["next"];
  const auto second = Json(Call("GET", "", "", {{"limit", "2"}, {"after", next}}));
  EXPECT_EQ(second["items"][0]["id"].get<int>() + 1, first["items"][1]["id"].get<int>());
  const auto last = Json(Call("GET", "", "", {{"limit", "5"}}));
  EXPECT_EQ(last["next"], nullptr);
  EXPECT_EQ(Json(Call("GET", "", "", {{"severity", "critical"}}))["items"].size(), 0u);
  EXPECT_EQ(Json(Call("GET", "", "", {{"state", "acknowledged"}}))["items"].size(), 0u);
  EXPECT_EQ(Json(Call("GET", "", "", {{"rule", "1"}, {"sensor", "plc-1"}}))["items"].size(), 5u);
  for (const auto& [name, value] : std::map<std::string, std::string>{{"state", "new"},
                                                                      {"severity", "loud"},
                                                                      {"rule", "x"},
                                                                      {"limit", "1001"},
                                                                      {"after", "-1"},
                                                                      {"order", "asc"}}) {
    EXPECT_EQ(Call("GET", "", "", {{name, value}}).status, 400) << name;
  }
  EXPECT_EQ(Call("GET", "", "", {{"sensor", "nosuch"}}).status, 404);
}

TEST_F(AlertApi, AcknowledgesWithANote) {
  Rule(kRule);
  Raise(1);
  const std::string id = Value("SELECT id FROM alerts");
  EXPECT_EQ(Call("POST", "/" + id + "/acknowledge", "note").status, 400);
  EXPECT_EQ(Call("POST", "/" + id + "/acknowledge", R"({"note":5})").status, 400);
  EXPECT_EQ(Call("POST", "/" + id + "/acknowledge", R"({"note":"a","by":"eve"})").status, 400);
  EXPECT_EQ(Call("POST", "/" + id + "/acknowledge", R"({"note":"a\u0000"})").status, 400);
  const auto done = Json(Call("POST", "/" + id + "/acknowledge", R"({"note":"it was me"})"));
  EXPECT_EQ(last_scope_, kMayChange);
  EXPECT_EQ(done["state"], "acknowledged");
  EXPECT_EQ(done["acknowledged"]["by"], "ann");
  EXPECT_EQ(done["acknowledged"]["note"], "it was me");
  EXPECT_EQ(Call("POST", "/" + id + "/acknowledge", "").status, 409);
  EXPECT_EQ(Call("POST", "/999/acknowledge", "").status, 404);
  EXPECT_EQ(Json(Call("GET", "/" + id))["state"], "acknowledged");
  EXPECT_EQ(Call("GET", "/999").status, 404);
  EXPECT_EQ(Call("GET", "/1x").status, 404);
}

TEST_F(AlertApi, AnalystsTestATarget) {
  EXPECT_EQ(Json(Call("POST", "/targets/soc/test"))["state"], "sent");
  EXPECT_EQ(last_scope_, Scope::kAnalyst);
  EXPECT_EQ(Call("POST", "/targets/soc/test").status, 429);
  EXPECT_EQ(Call("POST", "/targets/soc/test", "", {{"to", "elsewhere"}}).status, 400);
}

TEST_F(AlertApi, MessagesAndTargetsAreShownWithoutSecrets) {
  Rule(kRule);
  Raise(2);
  const auto messages = Json(Call("GET", "/messages", "", {{"state", "waiting"}, {"limit", "3"}}));
  EXPECT_EQ(messages["items"].size(), 3u);
  EXPECT_NE(messages["next"], nullptr);
  const Response targets = Call("GET", "/targets");
  EXPECT_EQ(Json(targets)["items"][0]["waiting"], 2);
  EXPECT_EQ(targets.body.find("secret"), std::string::npos);
  const std::string id = std::to_string(messages["items"][0]["id"].get<int>());
  EXPECT_EQ(Call("POST", "/messages/" + id + "/retry").status, 409);
  Execute("UPDATE alert_outbox SET state = 'dead'");
  EXPECT_EQ(Call("POST", "/messages/" + id + "/retry").status, 200);
  EXPECT_EQ(Call("GET", "/messages", "", {{"state", "lost"}}).status, 400);
  const Response lost = Call("GET", "/messages", "", {{"target", "sox"}});
  EXPECT_EQ(lost.status, 400);
  EXPECT_NE(lost.body.find("there is no 'sox'; there are: soc"), std::string::npos) << lost.body;
  router_ = std::make_unique<Router>(AlertRoutes({*catalog_, {}, NoSender, stopping_}));
  EXPECT_EQ(Json(Call("GET", "/messages", "", {{"target", "soc"}}))["items"].size(), 2u);
}

}  // namespace
}  // namespace tapiary::server::test
