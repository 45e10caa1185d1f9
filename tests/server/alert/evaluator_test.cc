#include "server/alert/evaluator.h"

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "tests/server/alert/fixture.h"

namespace tapiary::server::test {
namespace {

constexpr const char* kOutside =
    R"json({"name":"outside","severity":"high","note":"call the plant",
        "filter":"command && sensor == \"plc-1\" && !(ip.src == 10.0.0.0/8)"})json";

class Evaluating : public AlertFixture {};

TEST_F(Evaluating, ACommandFromOutsideIsAnAlertWithItsTechnique) {
  const std::int64_t rule = Rule(kOutside);
  Facts({Command(1)});
  Facts({Command(2)}, "plc-2");
  EXPECT_EQ(Judge(), 1);
  const auto alerts = ListAlerts(*catalog_, {});
  ASSERT_TRUE(alerts) << alerts.error().message;
  ASSERT_EQ(alerts->size(), 1u);
  const auto json = nlohmann::json::parse(AlertJson(alerts->front()));
  EXPECT_EQ(json["rule"]["id"], rule);
  EXPECT_EQ(json["severity"], "high");
  EXPECT_EQ(json["state"], "open");
  EXPECT_EQ(json["sensor"], "plc-1");
  EXPECT_EQ(json["note"], "call the plant");
  EXPECT_EQ(json["matches"], 1);
  EXPECT_EQ(json["group"]["ip.src"], "192.0.2.9");
  EXPECT_EQ(json["match"]["technique"], "T0855");
  EXPECT_EQ(json["match"]["operation"], "write_single_register");
  EXPECT_EQ(json["match"]["src"]["ip"], "192.0.2.9");
  EXPECT_EQ(json["match"]["dst"]["port"], 502);
  EXPECT_EQ(json["match"]["flow"], "plc-1.7.1");
  EXPECT_EQ(json["match"]["record"]["operation"], "write_single_register");
  EXPECT_EQ(Count("alert_work"), 0);
  EXPECT_EQ(Count("alert_outbox WHERE state = 'waiting'"), 2);
}

TEST_F(Evaluating, TheAddressRangeExcludes) {
  Rule(R"json({"name":"inside","filter":"command && !(ip.src == 192.0.2.0/24)"})json");
  Facts({Command(1)});
  EXPECT_EQ(Judge(), 0);
  EXPECT_EQ(Count("alert_work"), 0);
}

TEST_F(Evaluating, NothingIsKeptForRulesThatAreNotThere) {
  Rule(R"({"name":"off","enabled":false,"filter":"command"})");
  Facts({Command(1)});
  EXPECT_EQ(Count("alert_work"), 0);
  Ingest("segments", {});
  EXPECT_EQ(Count("alert_work"), 0);
}

TEST_F(Evaluating, AScanIsOneAlertDuringItsCoolDown) {
  Rule(kOutside);
  capture::RecordBatch many;
  for (std::uint64_t i = 0; i < 500; ++i) many.transactions.push_back(Command(i));
  Ingest("facts", many);
  EXPECT_EQ(Judge(kNow), 1);
  EXPECT_EQ(Value("SELECT matches FROM alerts"), "500");
  Facts({Command(1000)});
  EXPECT_EQ(Judge(kNow + 299 * kSecond), 0);
  EXPECT_EQ(Value("SELECT matches FROM alerts"), "501");
  EXPECT_EQ(Count("alert_outbox"), 2);
  Facts({Command(1001)});
  EXPECT_EQ(Judge(kNow + 301 * kSecond), 1);
  EXPECT_EQ(Count("alerts"), 2);
}

TEST_F(Evaluating, ManySourcesAreBoundedByTheHour) {
  Rule(R"({"name":"a","filter":"command","max_per_hour":10})");
  for (int round = 0; round < 3; ++round) {
    capture::RecordBatch many;
    for (int host = 0; host < 80; ++host) {
      const auto flow = static_cast<std::uint64_t>(round * 1000 + host);
      many.transactions.push_back(Command(flow, 0, round * 80 + host));
    }
    Ingest("facts", many);
    Judge(kNow + round * kSecond);
  }
  EXPECT_EQ(Count("alerts"), 11);  // and one for all the others
  EXPECT_EQ(Value("SELECT sum(matches) FROM alerts"), "240");
  EXPECT_EQ(Value("SELECT matches FROM alerts WHERE group_key LIKE '%more%'"), "230");
  EXPECT_LE(Count("alert_groups"), 11);
}

TEST_F(Evaluating, ALongFlowAlertsOnce) {
  Rule(R"({"name":"a","over":"flows","filter":"flow.bytes > 100","cooldown":"10s"})");
  for (std::uint32_t part = 0; part < 4; ++part) {
    Flows({Flow(1, 1000 * (part + 1), part)});
    EXPECT_EQ(Judge(kNow + part * 60 * kSecond), part == 0 ? 1 : 0);
  }
  EXPECT_EQ(Count("alerts"), 1);
  // Another flow of the same group, in the same batch as the long one's next part.
  Flows({Flow(1, 9000, 5), Flow(2, 9000)});
  EXPECT_EQ(Judge(kNow + 600 * kSecond), 1);
}

TEST_F(Evaluating, RelativeTimesAreThoseOfTheJudgement) {
  Rule(R"({"name":"late","filter":"command && frame.time < -1h","cooldown":"0s"})");
  Facts({Command(1)});
  EXPECT_EQ(Judge(kNow), 0);  // a second old
  Facts({Command(2)});
  EXPECT_EQ(Judge(kNow + 3500 * kSecond), 0);
  Facts({Command(3)});
  EXPECT_EQ(Judge(kNow + 3700 * kSecond), 1);
}

TEST_F(Evaluating, FlowsAndTransactionsComeInAnyOrder) {
  Rule(R"({"name":"t","over":"transactions","filter":"command && flow.bytes > 5000"})");
  Rule(R"({"name":"f","over":"flows","filter":"ot.code == 6 && flow.bytes > 5000"})");
  Facts({Command(1)});
  EXPECT_EQ(Judge(), 0);
  Flows({Flow(1, 6000)});
  EXPECT_EQ(Judge(), 2);
  Flows({Flow(2, 6000, 0, 10)});
  EXPECT_EQ(Judge(), 0);
  Facts({Command(2, 0, 10)});
  EXPECT_EQ(Judge(), 2);
}

TEST_F(Evaluating, AnUploadedFileHasFlowsAndTransactions) {
  Rule(R"({"name":"t","over":"transactions","filter":"command"})");
  Rule(R"({"name":"f","over":"flows","filter":"tcp.port == 502"})");
  Ingest("pcap", {.flows = {Flow(1, 10)}, .transactions = {Command(1)}, .gaps = {}});
  EXPECT_EQ(Judge(), 2);
}

TEST_F(Evaluating, EventsMatchToo) {
  Rule(R"({"name":"root","filter":"event.user == \"root\"","group_by":["user","ip.src"]})");
  IngestEvent("cowrie.login.failed", "root", "203.0.113.5");
  IngestEvent("cowrie.login.failed", "guest", "203.0.113.5");
  EXPECT_EQ(Judge(), 1);
  const auto json = nlohmann::json::parse(AlertJson(ListAlerts(*catalog_, {})->front()));
  EXPECT_EQ(json["group"]["user"], "root");
  EXPECT_EQ(json["match"]["operation"], "cowrie.login.failed");
  EXPECT_EQ(json["match"]["event"].dump(), Value("SELECT MIN(id) FROM events"));
}

TEST_F(Evaluating, TextOfAttackersStaysEscaped) {
  Rule(R"({"name":"t","filter":"command","group_by":["operation"]})");
  auto evil = Command(1);
  evil.operation = std::string("\x1b[2J\0\xff\"}<script>", 16) + std::string(5000, 'x');
  Facts({evil});
  EXPECT_EQ(Judge(), 1);
  const std::string text = AlertJson(ListAlerts(*catalog_, {})->front());
  const auto json = nlohmann::json::parse(text, nullptr, false);
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["group"]["operation"].get<std::string>().substr(0, 12), "\\x1b[2J\\x00\\");
  EXPECT_LE(json["group"]["operation"].get<std::string>().size(), 260u);
  for (const char c : text) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
}

TEST_F(Evaluating, TargetsAreChosenBySeverityAndByName) {
  Rule(R"({"name":"low","severity":"low","filter":"command"})");
  Rule(R"({"name":"named","severity":"critical","filter":"command","targets":["siem"]})");
  Rule(R"({"name":"nobody","severity":"critical","filter":"command","targets":["gone"]})");
  Facts({Command(1)});
  EXPECT_EQ(Judge(), 3);
  EXPECT_EQ(Count("alert_outbox"), 2);
  EXPECT_EQ(Count("alert_outbox WHERE target = 'soc'"), 1);
}

TEST_F(Evaluating, WhatADeadCollectorLeftIsJudgedByAnother) {
  Rule(kOutside);
  const std::int64_t received = Facts({Command(1)});
  const std::int64_t other = CollectorRun() - 1;
  EXPECT_EQ(Judge(received + kSecond, other), 0);
  EXPECT_EQ(Count("alert_work"), 1);
  EXPECT_EQ(Judge(received + 4 * kSecond, other), 1);
  EXPECT_EQ(Judge(received + 5 * kSecond), 0);
  EXPECT_EQ(Count("alert_outbox"), 2);
}

TEST_F(Evaluating, ARuleThatCannotBeReadIsOffAndSaysSo) {
  const std::int64_t id = Rule(kOutside);
  Rule(R"({"name":"good","filter":"command"})");
  Execute(R"(UPDATE alert_rules SET rule = '{"name":"x","filter":"no.such.field"}' WHERE id = )" +
          std::to_string(id));
  Facts({Command(1)});
  EXPECT_EQ(Judge(), 1);
  const auto rule = FindRule(*catalog_, id);
  ASSERT_TRUE(rule);
  EXPECT_FALSE(rule->rule.enabled);
  EXPECT_NE(rule->trouble.find("no.such.field"), std::string::npos);
}

TEST_F(Evaluating, TheSameFilterMeansTheSameAsInLists) {
  const auto rule = ParseRule(R"({"name":"a","filter":"command && modbus.func_code in {5, 6}"})");
  ASSERT_TRUE(rule);
  Facts({Command(1), Command(2)});
  const auto result = MatchSince(*catalog_, *rule, 0, 100);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->groups.begin()->second.matches, 2);
  EXPECT_EQ(MatchSince(*catalog_, *rule, 0, 1)->groups.begin()->second.matches, 1);
  EXPECT_TRUE(MatchSince(*catalog_, *rule, INT64_MAX, 1)->groups.empty());
}

}  // namespace
}  // namespace tapiary::server::test
