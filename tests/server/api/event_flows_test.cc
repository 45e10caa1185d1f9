#include "server/api/event_flows.h"

#include "base/clock.h"
#include "tests/server/api/event_fixture.h"

namespace tapiary::server::test {
namespace {

class EventFlows : public EventFixture {
 protected:
  nlohmann::json Of(std::int64_t id) {
    return Json("/api/v1/events/" + std::to_string(id) + "/flows");
  }
};

TEST_F(EventFlows, EventIsLinkedToItsFlowAmongMany) {
  const auto flows = StoreModbus(5).flows;
  ASSERT_EQ(flows.size(), 5u);
  Add(1, flows[2], {.time_ns = flows[2].start_ns, .port = std::int64_t{flows[2].orig.port}});
  const auto answer = Of(1);
  EXPECT_EQ(answer["state"], "linked");
  ASSERT_EQ(answer["flows"].size(), 1u);
  EXPECT_EQ(answer["flows"][0]["id"], "plant-a." + flows[2].id.ToString());
  EXPECT_EQ(answer["flows"][0]["transactions"], 2);
  EXPECT_EQ(answer["flows"][0]["commands"], 1);
  EXPECT_EQ(answer["flows"][0]["clock_offset"], 0.0);
}

// As Cowrie's: only the first event of a session has a port.
TEST_F(EventFlows, PortComesFromTheSession) {
  const auto flows = StoreModbus(3).flows;
  const std::int64_t start = flows[1].start_ns;
  Add(1, flows[1], {.time_ns = start, .port = std::int64_t{flows[1].orig.port}, .session = "ab12"});
  Add(2, flows[1], {.time_ns = start + 5, .session = "ab12"});
  Add(3, flows[1], {.time_ns = start + 5, .session = "cd34"});
  EXPECT_EQ(Of(2)["state"], "linked");
  EXPECT_EQ(Of(2)["port_of_session"], true);
  EXPECT_EQ(Of(2)["flows"][0]["id"], "plant-a." + flows[1].id.ToString());
  EXPECT_EQ(Of(3)["state"], "ambiguous");
  EXPECT_EQ(Of(3)["flows"].size(), 3u);
}

TEST_F(EventFlows, HP01_ClocksMonthsApartStillMeetByWhatWasReceivedThen) {
  const auto flows = StoreModbus(3).flows;
  const std::int64_t hour = 3600 * base::kNanosPerSecond;
  const auto port = std::int64_t{flows[0].orig.port};
  Add(1, flows[0], {.time_ns = flows[0].end_ns + 2 * hour, .port = port});
  const auto answer = Of(1);
  EXPECT_EQ(answer["state"], "likely");
  EXPECT_EQ(answer["flows"][0]["clock_offset"], 7200.0);
  EXPECT_EQ(answer["flows"][0]["differs"], nlohmann::json::parse(R"(["time"])"));
  EXPECT_TRUE(answer["clock"].is_null());
  Add(2, flows[0], {.time_ns = flows[0].start_ns - 2000 * hour, .port = port});
  EXPECT_EQ(Of(2)["state"], "likely");
  EXPECT_EQ(Of(2)["flows"][0]["clock_offset"], -7200000.0);
  const std::int64_t later = base::WallNow() + 72 * hour;
  Add(3, flows[0], {.time_ns = later, .port = port, .received_ns = later});
  EXPECT_EQ(Of(3)["state"], "none") << "neither received nor begun about then";
}

// An old log and an old capture, brought in on different days.
TEST_F(EventFlows, BroughtInOnDifferentDaysTheyMeetByTheirTimes) {
  const std::int64_t day = 24 * 3600 * base::kNanosPerSecond;
  const auto flows = StoreModbus(3, {.received_ns = base::WallNow() - 40 * day}).flows;
  Add(1, flows[1], {.time_ns = flows[1].start_ns, .port = std::int64_t{flows[1].orig.port}});
  EXPECT_EQ(Of(1)["state"], "linked");
  EXPECT_EQ(Of(1)["flows"][0]["id"], "plant-a." + flows[1].id.ToString());
}

TEST_F(EventFlows, HP03_GatewayAsSourceMeetsTheFlowOfItsPort) {
  const auto flows = StoreModbus(3).flows;
  const std::int64_t time = flows[1].start_ns;
  Add(1, flows[1], {.time_ns = time, .port = std::int64_t{flows[1].orig.port}});
  Execute("UPDATE events SET source_ip = ?",
          {AddressValue(*capture::ParseIpAddress("172.17.0.1"))});
  const auto answer = Of(1);
  EXPECT_EQ(answer["state"], "likely");
  EXPECT_EQ(answer["flows"][0]["id"], "plant-a." + flows[1].id.ToString());
  EXPECT_EQ(answer["flows"][0]["differs"], nlohmann::json::parse(R"(["source.ip"])"));
}

// Times that no int64 of nanoseconds can be added to.
TEST_F(EventFlows, TimesAtTheEndsOfTheScaleAreAnswered) {
  const auto flows = StoreModbus(1).flows;
  Add(1, flows[0], {.time_ns = INT64_MAX, .port = std::int64_t{flows[0].orig.port}});
  Add(2, flows[0], {.time_ns = INT64_MIN + 1});
  EXPECT_EQ(Of(1)["state"], "likely");
  EXPECT_EQ(Of(2)["state"], "none");
}

TEST_F(EventFlows, WithoutATimeTheHourBeforeCounts) {
  const auto flows = StoreModbus(1).flows;
  const std::int64_t half = 1800 * base::kNanosPerSecond;
  Add(1, flows[0], {.time_ns = flows[0].end_ns + half, .ecs = R"({"tapiary.time":"received"})"});
  Add(2, flows[0], {.time_ns = flows[0].end_ns + half});
  EXPECT_EQ(Of(1)["state"], "likely");
  EXPECT_EQ(Of(2)["state"], "none");
}

TEST_F(EventFlows, EventsWithoutAddressAndUnknownOnes) {
  Execute(
      "INSERT INTO events (id, sensor_id, time_ns, received_ns, type, record) "
      "VALUES (1, ?, 1, 1, '', '{}')",
      {SensorId("honeypot")});
  EXPECT_EQ(Of(1)["state"], "none");
  EXPECT_EQ(Get("/api/v1/events/2/flows").status, 404);
  for (const char* bad : {"x", "0", "-1", "1x"}) {
    EXPECT_EQ(Get("/api/v1/events/" + std::string(bad) + "/flows").status, 400) << bad;
  }
}

}  // namespace
}  // namespace tapiary::server::test
