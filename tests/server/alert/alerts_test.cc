#include "server/alert/alerts.h"

#include <chrono>
#include <thread>

#include "base/clock.h"
#include "tests/server/alert/fixture.h"
#include "tests/server/alert/receiver.h"

namespace tapiary::server::test {
namespace {

class AlertsRunning : public AlertFixture {
 protected:
  bool WaitFor(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
};

TEST_F(AlertsRunning, FromIngestToTheReceiver) {
  SyslogReceiver receiver(SyslogReceiver::Manner::kReads);
  AlertOptions options;
  options.targets = {
      *ParseAlertTarget("siem syslog+tcp://127.0.0.1:" + std::to_string(receiver.port()))};
  const auto alerts = Alerts::Start(*catalog_, options);
  ASSERT_TRUE(alerts) << alerts.error().message;
  Rule(R"({"name":"outside","filter":"command"})");
  const std::int64_t start_ns = base::SteadyNow();
  Facts({Command(1)});
  EXPECT_TRUE(WaitFor([&] { return receiver.text().find("outside:") != std::string::npos; }));
  EXPECT_LT(base::SteadyNow() - start_ns, 1500 * base::kNanosPerMilli);
  EXPECT_TRUE(WaitFor([&] { return Count("alert_outbox WHERE state = 'sent'") == 1; }));
}

TEST_F(AlertsRunning, WhatWasLeftIsDoneAfterARestart) {
  Rule(R"({"name":"outside","filter":"command"})");
  Facts({Command(1)});
  const auto alerts = Alerts::Start(*catalog_, {});
  ASSERT_TRUE(alerts);
  EXPECT_TRUE(WaitFor([&] { return Count("alerts") == 1; }));
  EXPECT_EQ(Count("alert_outbox"), 0);  // nobody to tell
}

TEST_F(AlertsRunning, TwoCollectorsTellOnce) {
  AlertOptions options;
  SyslogReceiver receiver(SyslogReceiver::Manner::kReads);
  options.targets = {
      *ParseAlertTarget("siem syslog+tcp://127.0.0.1:" + std::to_string(receiver.port()))};
  const auto one = Alerts::Start(*catalog_, options);
  const auto other = Alerts::Start(*catalog_, options);
  ASSERT_TRUE(one && other);
  Rule(R"({"name":"outside","filter":"command","cooldown":"0s"})");
  for (std::uint64_t i = 0; i < 20; ++i) {
    Facts({Command(i)});
  }
  EXPECT_TRUE(WaitFor([&] { return Count("alert_work") == 0; }));
  const auto all = Count("alerts");
  EXPECT_TRUE(WaitFor([&] { return Count("alert_outbox WHERE state = 'sent'") == all; }));
  std::size_t told = 0;
  const std::string text = receiver.text();
  for (std::size_t at = text.find("<132>"); at != text.npos; at = text.find("<132>", at + 1))
    ++told;
  EXPECT_EQ(static_cast<std::int64_t>(told), all);
  EXPECT_EQ(Value("SELECT sum(matches) FROM alerts"), "20");
}

TEST_F(AlertsRunning, StopsAtOnce) {
  SyslogReceiver receiver(SyslogReceiver::Manner::kDeaf);
  AlertOptions options;
  options.targets = {
      *ParseAlertTarget("siem syslog+tls://127.0.0.1:" + std::to_string(receiver.port()))};
  auto alerts = Alerts::Start(*catalog_, options);
  ASSERT_TRUE(alerts);
  Rule(R"({"name":"outside","filter":"command"})");
  Facts({Command(1)});
  EXPECT_TRUE(WaitFor([&] { return Count("alert_outbox WHERE lease_ns > 0") == 1; }));
  const std::int64_t start_ns = base::SteadyNow();
  alerts->reset();
  EXPECT_LT(base::SteadyNow() - start_ns, base::kNanosPerSecond);
  EXPECT_EQ(Count("alert_outbox WHERE state = 'waiting' AND attempts = 0"), 1);
}

TEST_F(AlertsRunning, NetworksThatAreNoneAreRefused) {
  AlertOptions options;
  options.allow = {"everywhere"};
  EXPECT_FALSE(Alerts::Start(*catalog_, options));
}

}  // namespace
}  // namespace tapiary::server::test
