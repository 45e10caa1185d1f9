#include "server/api/event_clock.h"

#include "tests/server/api/event_fixture.h"

namespace tapiary::server::test {
namespace {

constexpr std::int64_t kHour = 3600 * base::kNanosPerSecond;
constexpr std::int64_t kSecond = base::kNanosPerSecond;

class EventClocks : public EventFixture {
 protected:
  static std::string Ecs(const std::string& action, const std::string& time = "event") {
    return R"({"event.dataset":"cowrie","event.action":")" + action + R"(","tapiary.time":")" +
           time + R"("})";
  }
  // One event a flow, `ahead` of it.
  void AddConnects(const std::vector<capture::FlowRecord>& flows, std::int64_t first_id,
                   std::int64_t ahead, const std::string& ecs = Ecs("connect")) {
    for (const auto& flow : flows) {
      Add(first_id++, flow,
          {.time_ns = flow.start_ns + ahead, .port = std::int64_t{flow.orig.port}, .ecs = ecs});
    }
  }
  std::int64_t Learn() {
    const auto learned = LearnClocks(*catalog_, base::WallNow() - kHour, base::WallNow() + kHour);
    EXPECT_TRUE(learned) << learned.error().message;
    return learned ? *learned : -1;
  }
  EventClock Clock() {
    return *ClockOf(*catalog_, SensorId("honeypot"), "cowrie", base::WallNow());
  }
};

TEST_F(EventClocks, HP01_OffsetIsTheMedianOfManyAndOneLieMovesNothing) {
  const auto flows = StoreModbus(6).flows;
  AddConnects(flows, 1, 2 * kHour);
  Add(20, flows[0],
      {.time_ns = flows[0].start_ns + 900 * kHour,
       .port = std::int64_t{flows[0].orig.port},
       .ecs = Ecs("connect")});
  EXPECT_EQ(Learn(), 7);
  const EventClock clock = Clock();
  EXPECT_EQ(clock.offset_ns, 2 * kHour);
  EXPECT_EQ(clock.spread_ns, 0);
  EXPECT_EQ(clock.samples, 7);
  EXPECT_TRUE(clock.Known());
  EXPECT_EQ(Learn(), 0) << "an event is one sample";
  EXPECT_EQ(Clock().samples, 7);
}

TEST_F(EventClocks, ShownAtTheSensorAndUsedToLinkWithoutRewriting) {
  const auto flows = StoreModbus(5).flows;
  AddConnects(flows, 1, -3 * kHour);
  ASSERT_EQ(Learn(), 5);
  const auto sensors = Json("/api/v1/sensors")["items"];
  const auto honeypot = std::ranges::find_if(
      sensors, [](const auto& sensor) { return sensor["name"] == "honeypot"; });
  ASSERT_NE(honeypot, sensors.end());
  const auto shown = (*honeypot)["event_clocks"]["cowrie"];
  EXPECT_EQ(shown["offset"], -10800.0);
  EXPECT_EQ(shown["spread"], 0.0);
  EXPECT_EQ(shown["samples"], 5);
  EXPECT_EQ(shown["used"], true);

  const auto answer = Json("/api/v1/events/3/flows");
  EXPECT_EQ(answer["state"], "linked");
  EXPECT_EQ(answer["clock"]["offset"], -10800.0);
  EXPECT_EQ(answer["flows"][0]["clock_offset"], -10800.0) << "what it states stays";
}

TEST_F(EventClocks, FewOrScatteredSamplesMoveNothing) {
  const auto flows = StoreModbus(5).flows;
  AddConnects({flows[0], flows[1]}, 1, kHour);
  EXPECT_EQ(Learn(), 2);
  EXPECT_FALSE(Clock().Known());
  for (int i = 2; i < 5; ++i) AddConnects({flows[static_cast<std::size_t>(i)]}, 10 + i, i * kHour);
  EXPECT_EQ(Learn(), 3);
  EXPECT_EQ(Clock().samples, 5);
  EXPECT_FALSE(Clock().Known()) << "spread " << Clock().spread_ns / kSecond;
  EXPECT_EQ(Json("/api/v1/events/1/flows")["state"], "likely");
}

TEST_F(EventClocks, OnlyUnambiguousBeginningsWithATimeOfTheirOwnCount) {
  const auto flows = StoreModbus(4).flows;
  AddConnects({flows[0]}, 1, 0, Ecs("connect", "received"));
  AddConnects({flows[1]}, 2, 0);
  Execute("UPDATE events SET source_port = NULL WHERE id = 2");
  AddConnects({flows[2]}, 3, 0, Ecs("command"));  // its connection was short: good enough
  AddConnects({flows[3]}, 4, 0);
  Execute("UPDATE flows SET end_ns = start_ns + 60000000000 WHERE orig_port = ?",
          {std::int64_t{flows[3].orig.port}});
  EXPECT_EQ(Learn(), 2);
  Execute("UPDATE flows SET orig_port = 1, community_id = 'x' || number");
  AddConnects({flows[0]}, 5, 0);
  Execute("UPDATE events SET source_port = 1 WHERE id = 5");
  EXPECT_EQ(Learn(), 0) << "four conversations have this port";
}

TEST_F(EventClocks, AfterAStepTheSamplesAroundAnEventCount) {
  const auto flows = StoreModbus(4).flows;
  const std::int64_t now = base::WallNow();
  std::int64_t id = 100;
  for (const std::int64_t offset : {2 * kHour, std::int64_t{0}}) {
    for (int i = 0; i < 60; ++i) {
      Execute("INSERT INTO event_clocks VALUES (?, ?, 'cowrie', ?, ?)",
              {id++, SensorId("honeypot"), now - (offset == 0 ? 0 : 50 * kHour), offset});
    }
  }
  EXPECT_EQ(Clock().offset_ns, 0);
  EXPECT_EQ(ClockOf(*catalog_, SensorId("honeypot"), "cowrie", now - 49 * kHour)->offset_ns,
            2 * kHour);
}

TEST_F(EventClocks, OldSamplesAreDropped) {
  const auto flows = StoreModbus(1).flows;
  for (int i = 0; i < 600; ++i) {
    Execute("INSERT INTO event_clocks VALUES (?, ?, 'cowrie', ?, 0)",
            {std::int64_t{100 + i}, SensorId("honeypot"), std::int64_t{i}});
  }
  AddConnects(flows, 1, 0);
  EXPECT_EQ(Learn(), 1);
  std::int64_t rows = 0;
  ASSERT_TRUE(catalog_->Query("SELECT COUNT(*) FROM event_clocks", {}, [&](const SqlRow& row) {
    rows = row.Int(0);
    return false;
  }));
  EXPECT_EQ(rows, 500);
}

TEST_F(EventClocks, LearnerStopsAtOnce) {
  const std::int64_t before = base::WallNow();
  { const ClockLearner learner(*catalog_); }
  EXPECT_LT(base::WallNow() - before, 10 * kSecond);
}

}  // namespace
}  // namespace tapiary::server::test
