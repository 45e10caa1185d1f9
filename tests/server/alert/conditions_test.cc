#include "server/alert/conditions.h"

#include <nlohmann/json.hpp>

#include "server/ingest/item.h"
#include "server/ingest/rows.h"
#include "tests/server/alert/fixture.h"

namespace tapiary::server::test {
namespace {

class ConditionRules : public AlertFixture {
 protected:
  std::int64_t Pass(std::int64_t now_ns) {
    const auto rules = ListRules(*catalog_);
    EXPECT_TRUE(rules);
    const auto made = Conditions(*catalog_, recipients_).Pass(*rules, now_ns);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : -1;
  }
  void Seen(const std::string& sensor, std::int64_t time_ns) {
    Execute("UPDATE sensors SET last_seen_ns = " + std::to_string(time_ns) +
            " WHERE id = " + std::to_string(SensorId(sensor)));
  }
  void Ledger(const std::string& sensor, std::uint64_t offered, std::uint64_t lost,
              std::int64_t now_ns) {
    const RowOwner owner{SensorId(sensor), sensor, now_ns};
    capture::LedgerRow row;
    row.interface = "eth0";
    row.time_ns = now_ns;
    row.offered = offered;
    row.recorded = offered - lost;
    row.lost = {{"kernel-ring-full", lost}};
    const auto done = catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(AddLedger(writer, owner, 7, row));
      return {};
    });
    EXPECT_TRUE(done) << done.error().message;
    Seen(sensor, now_ns);
  }
  std::string LastText() {
    const auto alerts = ListAlerts(*catalog_, {});
    return nlohmann::json::parse(AlertJson(alerts->front()))["match"]["text"];
  }
};

TEST_F(ConditionRules, HP05_ASensorThatFallsSilentIsToldOnce) {
  Rule(R"({"name":"silent","when":"sensor-silent","after":"60s","cooldown":"0s"})");
  Seen("plc-1", kNow);
  SensorId("never");  // has sent nothing yet
  EXPECT_EQ(Pass(kNow + 59 * kSecond), 0);
  EXPECT_EQ(Pass(kNow + 60 * kSecond), 1);
  EXPECT_EQ(LastText(), "nothing came from the sensor for 60 s");
  EXPECT_EQ(Pass(kNow + 62 * kSecond), 0);
  EXPECT_EQ(Pass(kNow + 3600 * kSecond), 0);
  Seen("plc-1", kNow + 4000 * kSecond);
  EXPECT_EQ(Pass(kNow + 4001 * kSecond), 0);
  EXPECT_EQ(Pass(kNow + 4060 * kSecond), 1);
  EXPECT_EQ(Value("SELECT matches FROM alerts WHERE id = (SELECT MIN(id) FROM alerts)"), "1");
  EXPECT_EQ(Count("alert_outbox"), 2);
}

TEST_F(ConditionRules, HP05_ASensorGivenUpLongAgoIsNoNews) {
  Seen("old", kNow - 40LL * 86'400 * kSecond);
  Rule(R"({"name":"silent","when":"sensor-silent","after":"60s"})");
  EXPECT_EQ(Pass(kNow), 0);
}

TEST_F(ConditionRules, HP05_ASensorThatSeesNothingIsTold) {
  Rule(R"({"name":"blind","when":"sensor-blind","after":"60s"})");
  Ledger("plc-1", 100, 0, kNow);
  EXPECT_EQ(Pass(kNow), 0);
  Ledger("plc-1", 200, 0, kNow + 30 * kSecond);
  EXPECT_EQ(Pass(kNow + 30 * kSecond), 0);
  Seen("plc-1", kNow + 89 * kSecond);
  EXPECT_EQ(Pass(kNow + 89 * kSecond), 0);
  Seen("plc-1", kNow + 95 * kSecond);
  EXPECT_EQ(Pass(kNow + 95 * kSecond), 1);
  EXPECT_NE(LastText().find("captured no packet for 65 s"), std::string::npos);
  EXPECT_EQ(Pass(kNow + 97 * kSecond), 0);
  // One that is gone altogether is silent, not blind.
  EXPECT_EQ(Pass(kNow + 1000 * kSecond), 0);
}

TEST_F(ConditionRules, LossAboveAShareIsTold) {
  Rule(R"({"name":"loss","when":"loss","percent":1,"after":"60s"})");
  Ledger("plc-1", 10'000, 9'000, kNow);  // of before the rule looked
  EXPECT_EQ(Pass(kNow), 0);
  Ledger("plc-1", 12'000, 9'019, kNow + 10 * kSecond);
  EXPECT_EQ(Pass(kNow + 10 * kSecond), 0);
  Ledger("plc-1", 13'000, 9'100, kNow + 20 * kSecond);
  EXPECT_EQ(Pass(kNow + 20 * kSecond), 1);
  EXPECT_EQ(LastText(), "100 of 3000 packets were lost within 20 s");
  EXPECT_EQ(Pass(kNow + 22 * kSecond), 0);
  // The next span begins from what was lost by then.
  EXPECT_EQ(Pass(kNow + 61 * kSecond), 0);
  EXPECT_EQ(Pass(kNow + 122 * kSecond), 0);
}

TEST_F(ConditionRules, FewPacketsAreJudgedWhenTheSpanIsOver) {
  Rule(R"({"name":"loss","when":"loss","percent":1,"after":"60s"})");
  Ledger("plc-1", 100, 0, kNow);
  Pass(kNow);
  Ledger("plc-1", 110, 5, kNow + 10 * kSecond);
  EXPECT_EQ(Pass(kNow + 10 * kSecond), 0);
  EXPECT_EQ(Pass(kNow + 60 * kSecond), 1);
}

TEST_F(ConditionRules, AlarmsOfTheAuditLogAreTold) {
  const auto alarm = [this](const std::string& action, const std::string& detail) {
    const auto done =
        catalog_->Write([&](SqlWriter& writer) { return Alarm(writer, "plc-1", action, detail); });
    EXPECT_TRUE(done) << done.error().message;
  };
  alarm("digest-conflict", "before the rule was there");
  const std::int64_t now_ns = std::stoll(Value("SELECT time_ns FROM audit")) + 1;
  const auto rule = ParseRule(
      R"({"name":"alarm","when":"alarm","severity":"critical","group_by":[],"cooldown":"0s"})");
  ASSERT_TRUE(CreateRule(*catalog_, *rule, {"t"}, now_ns));
  EXPECT_EQ(Pass(now_ns), 0);
  alarm("digest-conflict", "facts 7/9: another content came\n");
  alarm("token-created", "is no alarm");
  EXPECT_EQ(Pass(now_ns + kSecond), 1);
  EXPECT_EQ(LastText(), "digest-conflict: facts 7/9: another content came\\x0a");
  EXPECT_EQ(Pass(now_ns + 2 * kSecond), 0);
  EXPECT_EQ(Pass(now_ns + 120 * kSecond), 0);
  alarm("record-conflict", "flows");
  EXPECT_EQ(Pass(now_ns + 121 * kSecond), 1);
  EXPECT_EQ(Value("SELECT sensor FROM alerts"), "plc-1");
}

TEST_F(ConditionRules, OfTwoCollectorsOneTells) {
  Rule(R"({"name":"silent","when":"sensor-silent","after":"60s"})");
  Seen("plc-1", kNow);
  Conditions other(*catalog_, recipients_);
  const auto rules = ListRules(*catalog_);
  EXPECT_EQ(Pass(kNow + 61 * kSecond) + *other.Pass(*rules, kNow + 61 * kSecond), 1);
  EXPECT_EQ(Value("SELECT matches FROM alerts"), "1");
}

}  // namespace
}  // namespace tapiary::server::test
