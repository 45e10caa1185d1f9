#include "server/alert/rule.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

TEST(AlertRuleText, ReadsWhatItWrites) {
  const auto rule = ParseRule(R"json({"name": "Befehl \u00fc", "severity": "high", "note": "look",
      "filter": "command && sensor == \"plc-1\" && !(ip.src == 10.0.0.0/8)",
      "group_by": ["sensor", "technique", "sensor"], "cooldown": "90s", "max_per_hour": 5,
      "targets": ["soc"], "enabled": false})json");
  ASSERT_TRUE(rule) << rule.error().message;
  EXPECT_EQ(rule->over, FilterTable::kTransactions);
  EXPECT_EQ(rule->group_by.size(), 2u);
  EXPECT_EQ(rule->cooldown_ns, 90'000'000'000);
  EXPECT_FALSE(rule->enabled);
  const auto again = ParseRule(RuleJson(*rule));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(RuleJson(*again), RuleJson(*rule));
}

TEST(AlertRuleText, ConditionsReadWhatTheyWrite) {
  for (const char* text : {R"({"name":"a","when":"sensor-silent","after":"2m"})",
                           R"({"name":"a","when":"sensor-blind","after":"1.5h","group_by":[]})",
                           R"({"name":"a","when":"loss","percent":0.25,"after":"60s"})",
                           R"({"name":"a","when":"sensor-broadcast","after":"60s"})",
                           R"({"name":"a","when":"sensor-one-way","after":"60s"})",
                           R"({"name":"a","when":"one-source","after":"60s"})",
                           R"({"name":"a","when":"alarm","alarms":["digest-conflict"]})"}) {
    const auto rule = ParseRule(text);
    ASSERT_TRUE(rule) << text << rule.error().message;
    EXPECT_EQ(RuleJson(*ParseRule(RuleJson(*rule))), RuleJson(*rule));
  }
  EXPECT_EQ(ParseRule(R"({"name":"a","when":"loss","percent":0.25})")->loss_ppm, 2500);
}

TEST(AlertRuleText, TakesTheTableThatHasAllFields) {
  const auto table = [](const std::string& filter) {
    const auto rule = ParseRule(R"({"name":"a","filter":")" + filter + "\"}");
    EXPECT_TRUE(rule) << rule.error().message;
    return rule->over;
  };
  EXPECT_EQ(table("command"), FilterTable::kTransactions);
  EXPECT_EQ(table("eth.src == 00:11:22:33:44:55"), FilterTable::kFlows);
  EXPECT_EQ(table("event.user == root"), FilterTable::kEvents);
  const auto none = ParseRule(R"({"name":"a","filter":"event.user == root && flow.bytes > 1"})");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("no table"), std::string::npos);
}

TEST(AlertRuleText, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"[]", "object"},
      {"", "object"},
      {R"({"filter":"command"})", "name: is missing"},
      {R"({"name":"a"})", "filter: is missing"},
      {R"({"name":"a","filter":"  "})", "filter: is missing"},
      {R"({"name":"a","filter":"commnd"})", "filter: at 0"},
      {R"({"name":"a","filter":"event.user == root","over":"flows"})", "event.user"},
      {R"({"name":"a","filter":"command","over":"packets"})", "over: must be one of"},
      {R"({"name":"a","filter":"command","severity":"loud"})", "severity"},
      {R"({"name":"a","filter":"command","group_by":["record"]})", "group_by"},
      {R"({"name":"a","filter":"command","group_by":"sensor"})", "group_by"},
      {R"({"name":"a","filter":"command","cooldown":"31d"})", "cooldown"},
      {R"({"name":"a","filter":"command","cooldown":"-1s"})", "cooldown"},
      {R"({"name":"a","filter":"command","cooldown":5})", "cooldown"},
      {R"({"name":"a","filter":"command","max_per_hour":0})", "max_per_hour"},
      {R"({"name":"a","filter":"command","max_per_hour":1e99})", "max_per_hour"},
      {R"({"name":"a","filter":"command","enabled":1})", "enabled"},
      {R"({"name":"a","filter":"command","targets":[""]})", "targets"},
      {R"({"name":"a","filter":"command","colour":"red"})", "unknown member 'colour'"},
      {R"({"name":"a","filter":"command","after":"1m"})", "unknown member 'after'"},
      {R"({"name":"a\nb","filter":"command"})", "name"},
      {R"({"name":"a","note":"x\u0000","filter":"command"})", "note"},
      {R"({"name":"a","when":"loss","percent":0})", "percent"},
      {R"({"name":"a","when":"sensor-silent","after":"1s"})", "after"},
  };
  for (const auto& [text, what] : cases) {
    const auto rule = ParseRule(text);
    ASSERT_FALSE(rule) << text;
    EXPECT_EQ(rule.error().code, base::ErrorCode::kInvalid);
    EXPECT_NE(rule.error().message.find(what), std::string::npos) << rule.error().message;
  }
  const std::string deep(8000, '[');
  EXPECT_FALSE(ParseRule(R"({"name":)" + deep));
  EXPECT_FALSE(ParseRule(R"({"name":")" + std::string(101, 'a') + R"(","filter":"command"})"));
}

TEST(AlertRuleText, TellsWhereTheFilterIsWrong) {
  FilterError error;
  EXPECT_FALSE(ParseRule(R"({"name":"a","filter":"command && ip.adr == 1"})", &error));
  EXPECT_EQ(error.position, 11u);
  EXPECT_EQ(error.suggestion, "ip.addr");
}

}  // namespace
}  // namespace tapiary::server
