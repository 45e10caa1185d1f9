#include "server/alert/alert_metrics.h"

#include <gmock/gmock.h>

#include "tests/server/alert/fixture.h"

namespace tapiary::server::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class AlertMetricsText : public AlertFixture {};

TEST_F(AlertMetricsText, SaysWhatWaitsForWhom) {
  EXPECT_THAT(AlertMetrics(*catalog_, kNow), HasSubstr("tapiary_alerts_open{severity=\"high\"} 0"));
  EXPECT_THAT(AlertMetrics(*catalog_, kNow), HasSubstr("\ntapiary_alert_lag_seconds 0.000\n"));
  const std::int64_t rule =
      Rule(R"({"name":"a","severity":"high","filter":"command","cooldown":"0s"})");
  const std::int64_t received_ns = Facts({Command(1)});
  EXPECT_THAT(AlertMetrics(*catalog_, received_ns + 1'500'000'000),
              HasSubstr("\ntapiary_alert_lag_seconds 1.500\n"));
  EXPECT_EQ(Judge(), 1);
  Facts({Command(2)});
  EXPECT_EQ(Judge(), 1);
  Execute("UPDATE alert_outbox SET state = 'dead' WHERE target = 'soc' AND alert_id = 1");
  Execute("UPDATE alert_outbox SET state = 'sent' WHERE target = 'siem' AND alert_id = 1");
  ASSERT_TRUE(NoteRuleTrouble(*catalog_, rule, "slow", kNow));
  const std::string text = AlertMetrics(*catalog_, kNow);
  for (const char* line :
       {"# TYPE tapiary_alerts_open gauge", "tapiary_alerts_open{severity=\"high\"} 2",
        "tapiary_alerts_open{severity=\"info\"} 0",
        "tapiary_alert_messages{target=\"soc\",state=\"dead\"} 1",
        "tapiary_alert_messages{target=\"soc\",state=\"waiting\"} 1",
        "tapiary_alert_messages{target=\"siem\",state=\"waiting\"} 1",
        "tapiary_alert_rules_troubled 1"}) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
  EXPECT_THAT(text, Not(HasSubstr("sent")));
  Execute("UPDATE alerts SET acknowledged_ns = 1");
  EXPECT_THAT(AlertMetrics(*catalog_, kNow), HasSubstr("tapiary_alerts_open{severity=\"high\"} 0"));
  EXPECT_THAT(AlertMetrics(*catalog_, kNow + 3700 * kSecond),
              HasSubstr("tapiary_alert_rules_troubled 0"));
}

TEST_F(AlertMetricsText, ACatalogThatFailsGivesNothing) {
  Execute("DROP TABLE alert_outbox");
  EXPECT_EQ(AlertMetrics(*catalog_, kNow), "");
}

}  // namespace
}  // namespace tapiary::server::test
