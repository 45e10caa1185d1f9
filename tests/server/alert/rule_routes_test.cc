#include "server/alert/rule_routes.h"

#include "tests/server/alert/api_fixture.h"

namespace tapiary::server::test {
namespace {

TEST_F(AlertApi, RulesAreMadeChangedAndDeleted) {
  const Response made = Call("POST", "/rules", kRule);
  const auto rule = Json(made, 201);
  EXPECT_EQ(last_scope_, kMayChange);
  const std::string path = "/rules/" + std::to_string(rule["id"].get<int>());
  ASSERT_FALSE(made.headers.empty());
  EXPECT_EQ(made.headers[0].second, "/api/v1/alerts" + path);
  EXPECT_EQ(rule["over"], "transactions");
  EXPECT_EQ(Call("POST", "/rules", kRule).status, 409);
  EXPECT_EQ(Call("POST", "/rules", "{").status, 400);
  EXPECT_EQ(Call("POST", "/rules", std::string(20'000, ' ')).status, 413);
  EXPECT_EQ(Json(Call("PUT", path, R"({"name":"b","filter":"command"})"))["name"], "b");
  EXPECT_EQ(Call("PUT", "/rules/77", kRule).status, 404);
  EXPECT_EQ(Json(Call("GET", path))["changed_by"], "ann");
  EXPECT_EQ(last_scope_, Scope::kViewer);
  EXPECT_EQ(Json(Call("GET", "/rules"))["items"].size(), 1u);
  EXPECT_EQ(Call("DELETE", path).status, 204);
  EXPECT_EQ(Call("DELETE", path).status, 404);
  EXPECT_EQ(Json(Call("GET", "/rules"))["items"].size(), 0u);
}

TEST_F(AlertApi, AFilterThatIsWrongIsShownWhere) {
  const auto problem =
      Json(Call("POST", "/rules", R"({"name":"a","filter":"command && ip.adr == 1"})"), 400);
  EXPECT_EQ(problem["position"], 11);
  EXPECT_EQ(problem["suggestion"], "ip.addr");
}

TEST_F(AlertApi, AnAlarmThatIsNoneIsRefused) {
  const auto problem = Json(
      Call("POST", "/rules", R"({"name":"a","when":"alarm","alarms":["digest-konflict"]})"), 400);
  EXPECT_NE(problem.value("detail", "").find("'digest-konflict'; there are: "), std::string::npos);
  Json(Call("POST", "/rules", R"({"name":"a","when":"alarm","alarms":["login failed"]})"), 201);
}

TEST_F(AlertApi, ATargetThatIsNoneIsRefusedAndToldLater) {
  const auto problem = Json(
      Call("POST", "/rules", R"({"name":"a","filter":"command","targets":["soc","sox"]})"), 400);
  EXPECT_NE(problem.value("detail", "").find("'sox'"), std::string::npos) << problem;
  const auto rule =
      Json(Call("POST", "/rules", R"({"name":"a","filter":"command","targets":["soc"]})"), 201);
  EXPECT_EQ(rule["trouble"], nullptr);
  const std::string path = "/rules/" + std::to_string(rule["id"].get<int>());
  EXPECT_EQ(Call("PUT", path, R"({"name":"a","filter":"command","targets":["sox"]})").status, 400);
  // The configuration of today has it no more.
  router_ = std::make_unique<Router>(AlertRoutes({*catalog_, {}, NoSender, stopping_}));
  EXPECT_NE(Json(Call("GET", path))["trouble"].value("text", "").find("'soc'"), std::string::npos);
  EXPECT_NE(Json(Call("GET", "/rules"))["items"][0]["trouble"], nullptr);
}

TEST_F(AlertApi, ARuleCanBeTriedBeforeItIsSaved) {
  Facts({Command(1), Command(2, 0, 10)});
  const auto found = Json(Call("POST", "/rules/test", kRule));
  EXPECT_EQ(found["matches"], 2);
  EXPECT_EQ(found["groups"], 2);
  EXPECT_EQ(found["partial"], false);
  EXPECT_EQ(found["examples"][0]["group"]["sensor"], "plc-1");
  EXPECT_EQ(found["examples"][0]["match"]["technique"], "T0855");
  EXPECT_EQ(Count("alerts") + Count("alert_rules"), 0);
  Execute("UPDATE transactions SET received_ns = 1");
  EXPECT_EQ(Json(Call("POST", "/rules/test", kRule))["matches"], 0);
  EXPECT_EQ(Call("POST", "/rules/test", R"({"name":"a","when":"sensor-silent"})").status, 400);
}

}  // namespace
}  // namespace tapiary::server::test
