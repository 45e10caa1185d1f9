#include "server/alert/vantage.h"

#include <fmt/core.h>

#include "server/alert/conditions.h"
#include "tests/server/alert/fixture.h"

namespace tapiary::server::test {
namespace {

class VantageRules : public AlertFixture {
 protected:
  struct Seen {
    int flows = 100;
    std::string source = "198.51.100.7";  // the last number counts on
    std::string target = "10.0.0.1";
    bool spread = false;
    bool both_ways = true;
    std::uint64_t payload = 500;
    bool same_source = false;
  };
  void See(const Seen& seen, const std::string& sensor = "plc-1") {
    capture::RecordBatch batch;
    for (int i = 0; i < seen.flows; ++i) {
      capture::FlowRecord flow = Flow(next_++, 1000, 0, 1 + i % 200);
      if (seen.same_source) flow.orig.ip = *capture::ParseIpAddress(seen.source);
      flow.resp.ip = *capture::ParseIpAddress(seen.target);
      flow.resp.mac = {static_cast<std::uint8_t>(seen.spread ? 0xff : 0x02), 0, 0, 0, 0, 1};
      flow.orig.payload_bytes = seen.payload;
      flow.resp.packets = seen.both_ways ? 8 : 0;
      batch.flows.push_back(flow);
    }
    last_ns_ = Ingest("flows", batch, sensor);
    Execute("UPDATE sensors SET last_seen_ns = " + std::to_string(last_ns_));
  }
  void Forget() { Execute("DELETE FROM flows"); }
  // The batch that came last arrived then.
  void Receive(std::int64_t time_ns) {
    for (const char* table : {"flows", "items"}) {
      Execute(fmt::format("UPDATE {} SET received_ns = {} WHERE received_ns = {}", table, time_ns,
                          last_ns_));
    }
  }
  // What the sensor is found to be: a text, "right", or "unknown".
  std::string Found(RuleKind kind, const std::string& name = "plc-1") {
    const auto found = LookFromSensors(*catalog_, kind, 0);
    EXPECT_TRUE(found) << found.error().message;
    const auto sensor = found->find(SensorId(name));
    if (sensor == found->end()) return "unknown";
    return sensor->second.wrong ? sensor->second.text : "right";
  }
  std::uint64_t next_ = 1;
  std::int64_t last_ns_ = 0;
};

TEST_F(VantageRules, HP05_BroadcastOnlyIsNoMirror) {
  See({.flows = 19, .spread = true});
  EXPECT_EQ(Found(RuleKind::kSensorBroadcast), "unknown");
  See({.flows = 79, .spread = true});
  See({.flows = 2});
  EXPECT_EQ(Found(RuleKind::kSensorBroadcast),
            "98 of 100 flows are broadcast or multicast: the port may be no mirror");
  See({.flows = 3});
  EXPECT_EQ(Found(RuleKind::kSensorBroadcast), "right");
}

TEST_F(VantageRules, HP05_OneDirectionOnly) {
  See({.flows = 500, .both_ways = false, .payload = 0});  // a scan that nobody answers
  EXPECT_EQ(Found(RuleKind::kSensorOneWay), "unknown");
  See({.flows = 20, .both_ways = false});
  EXPECT_EQ(Found(RuleKind::kSensorOneWay),
            "of 20 of 20 TCP conversations one direction only is seen: the mirror may take one "
            "direction");
  See({.flows = 2});
  EXPECT_EQ(Found(RuleKind::kSensorOneWay), "right");
}

// One attacker from outside is no gateway, and many sources are none.
TEST_F(VantageRules, HP03_OneInnerSourceIsNamed) {
  See({.flows = 100, .source = "10.9.0.1", .same_source = true});
  See({.flows = 5});
  EXPECT_EQ(Found(RuleKind::kOneSource),
            "100 of 105 flows come from 10.9.0.1: an address translation before the sensor may "
            "hide who it is");
  See({.flows = 1});
  EXPECT_EQ(Found(RuleKind::kOneSource), "right");
  Forget();
  See({.flows = 99, .source = "10.9.0.1", .same_source = true});
  EXPECT_EQ(Found(RuleKind::kOneSource), "unknown");
  Forget();
  See({.flows = 200, .source = "8.8.8.8", .same_source = true});
  EXPECT_EQ(Found(RuleKind::kOneSource), "right");
  Forget();
  See({.flows = 200, .source = "10.9.0.1", .target = "8.8.8.8", .same_source = true});
  EXPECT_EQ(Found(RuleKind::kOneSource), "unknown") << "outbound";
  Forget();
  See({.flows = 200, .source = "fd00::1", .target = "fd00::2", .same_source = true});
  EXPECT_NE(Found(RuleKind::kOneSource).find("fd00::1"), std::string::npos);
}

TEST_F(VantageRules, ASensorThatSendsMuchHidesNoOther) {
  See({.flows = 30, .both_ways = false}, "quiet");
  for (int i = 0; i < 60; ++i) See({.flows = 1000}, "busy");
  EXPECT_NE(Found(RuleKind::kSensorOneWay, "quiet").find("30 of 30"), std::string::npos);
  EXPECT_EQ(Found(RuleKind::kSensorOneWay, "busy"), "right");
}

TEST_F(VantageRules, ToldWhenItBeginsAndAgainWhenItComesBack) {
  Rule(R"({"name":"way","when":"sensor-one-way","after":"60s","cooldown":"0s"})");
  Conditions conditions(*catalog_, recipients_);
  const auto pass = [&](std::int64_t now_ns) {
    const auto made = conditions.Pass(*ListRules(*catalog_), now_ns);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : -1;
  };
  See({.flows = 50, .both_ways = false});
  const std::int64_t start_ns = last_ns_;
  EXPECT_EQ(pass(start_ns), 1);
  EXPECT_EQ(pass(start_ns + 31 * kSecond), 0);
  EXPECT_EQ(pass(start_ns + 100 * kSecond), 0) << "too few are new: it stays what it was";
  Forget();
  See({.flows = 50});
  EXPECT_EQ(pass(start_ns + 101 * kSecond), 0) << "not looked at yet";
  Receive(start_ns + 130 * kSecond);
  EXPECT_EQ(pass(start_ns + 131 * kSecond), 0) << "right again";
  Forget();
  See({.flows = 50, .both_ways = false});
  Receive(start_ns + 160 * kSecond);
  EXPECT_EQ(pass(start_ns + 162 * kSecond), 1);
  EXPECT_EQ(Count("alerts"), 2);
}

}  // namespace
}  // namespace tapiary::server::test
