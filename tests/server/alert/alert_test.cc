#include "server/alert/alert.h"

#include <thread>

#include "tests/server/alert/fixture.h"

namespace tapiary::server::test {
namespace {

class AlertTable : public AlertFixture {
 protected:
  void SetUp() override {
    AlertFixture::SetUp();
    rule_ = *ParseRule(R"({"name":"a","filter":"command","cooldown":"60s"})");
    rule_.id = Rule(R"({"name":"a","filter":"command","cooldown":"60s"})");
  }
  std::int64_t Raise(const std::string& group, const std::string& row, std::int64_t now_ns,
                     std::int64_t matches = 1) {
    AlertGroups groups;
    groups[group] = {"plc-1", {{row, R"({"operation":"w"})"}}, matches};
    std::int64_t made = 0;
    const auto done = catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_ASSIGN(made, RaiseAlerts(writer, rule_, groups, recipients_, now_ns));
      return {};
    });
    EXPECT_TRUE(done) << done.error().message;
    return made;
  }
  AlertRule rule_;
};

TEST_F(AlertTable, ARowAlertsOnceWhateverTheGroup) {
  EXPECT_EQ(Raise("{}", "flow.1", kNow), 1);
  EXPECT_EQ(Raise("{\"a\":1}", "flow.1", kNow), 0);
  EXPECT_EQ(Raise("{}", "flow.1", kNow + 3600 * kSecond), 0);
  EXPECT_EQ(Value("SELECT matches FROM alerts"), "3");
}

TEST_F(AlertTable, ListsByStateSeverityRuleAndSensor) {
  for (int i = 0; i < 5; ++i) Raise("{\"i\":" + std::to_string(i) + "}", std::to_string(i), kNow);
  const auto all = ListAlerts(*catalog_, {});
  ASSERT_EQ(all->size(), 5u);
  EXPECT_GT((*all)[0].id, (*all)[4].id);
  ASSERT_TRUE(AcknowledgeAlert(*catalog_, (*all)[2].id, {"ann"}, "seen", kNow));
  const auto count = [&](const AlertQuery& query) { return ListAlerts(*catalog_, query)->size(); };
  AlertQuery query;
  query.acknowledged = true;
  EXPECT_EQ(count(query), 1u);
  query.acknowledged = false;
  EXPECT_EQ(count(query), 4u);
  query = {};
  query.least = Severity::kHigh;
  EXPECT_EQ(count(query), 0u);
  query = {};
  query.rule_id = rule_.id + 1;
  EXPECT_EQ(count(query), 0u);
  query = {};
  query.sensor = "plc-2";
  EXPECT_EQ(count(query), 0u);
  query = {};
  query.limit = 2;
  query.below_id = (*all)[1].id;
  EXPECT_EQ(ListAlerts(*catalog_, query)->front().id, (*all)[2].id);
}

TEST_F(AlertTable, OnlyTheFirstAcknowledgementCounts) {
  Raise("{}", "1", kNow);
  const std::int64_t id = ListAlerts(*catalog_, {})->front().id;
  ASSERT_TRUE(AcknowledgeAlert(*catalog_, id, {"ann"}, "mine\x1b", kNow));
  EXPECT_EQ(AcknowledgeAlert(*catalog_, id, {"bob"}, "no, mine", kNow).error().code,
            base::ErrorCode::kConflict);
  EXPECT_EQ(AcknowledgeAlert(*catalog_, id + 1, {"bob"}, "", kNow).error().code,
            base::ErrorCode::kNotFound);
  const auto alert = FindAlert(*catalog_, id);
  EXPECT_EQ(alert->acknowledged_by, "ann");
  EXPECT_EQ(AlertJson(*alert).find('\x1b'), std::string::npos);
  EXPECT_EQ(Count("audit WHERE action = 'alert-acknowledged'"), 1);
}

TEST_F(AlertTable, PruningForgetsAlertsMessagesAndCoolDowns) {
  Raise("{}", "1", kNow);
  Raise("{\"b\":1}", "2", kNow + 7200 * kSecond);
  ASSERT_TRUE(PruneAlerts(*catalog_, kNow + 1, kNow + 7200 * kSecond));
  EXPECT_EQ(Count("alerts"), 1);
  EXPECT_EQ(Count("alert_outbox"), 1);
  EXPECT_EQ(Count("alert_groups"), 1);
  // A cool-down whose alert is gone begins anew.
  ASSERT_TRUE(PruneAlerts(*catalog_, INT64_MAX, kNow));
  EXPECT_EQ(Raise("{\"b\":1}", "3", kNow + 7201 * kSecond), 1);
}

// Several collectors of one database meet at the same groups.
TEST_F(AlertTable, RacingCollectorsMakeOneAlertAGroup) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 10; ++i) {
        const std::string group = "{\"g\":" + std::to_string(i % 2) + "}";
        Raise(group, std::to_string(t) + "." + std::to_string(i), kNow);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Count("alerts"), 2);
  EXPECT_EQ(Value("SELECT sum(matches) FROM alerts"), "40");
  EXPECT_EQ(Count("alert_outbox"), 2);
}

}  // namespace
}  // namespace tapiary::server::test
