#include "server/api/event_session_view.h"

#include <gmock/gmock.h>

#include "tests/server/api/event_fixture.h"

namespace tapiary::server::test {
namespace {

constexpr std::int64_t kHour = 3600 * base::kNanosPerSecond;

class EventSessions : public EventFixture {
 protected:
  static std::string Ecs(const std::string& action, const std::string& time = "event") {
    return R"({"event.dataset":"conpot","network.protocol":"modbus","event.action":")" + action +
           R"(","tapiary.time":")" + time + R"("})";
  }
  nlohmann::json Of(std::int64_t id, std::map<std::string, std::string> query = {}) {
    return Json("/api/v1/events/" + std::to_string(id) + "/session", std::move(query));
  }
  // Of each entry: kind, and what is particular.
  static std::vector<std::string> Lines(const nlohmann::json& answer) {
    std::vector<std::string> lines;
    for (const auto& entry : answer["entries"]) {
      std::string line = entry["kind"];
      if (line == "event") {
        line += " " + entry["event"]["id"].dump() + " " + std::string(entry["packets"]);
      } else {
        if (line == "transaction") line += " " + std::string(entry["transaction"]["operation"]);
        if (entry["wire_only"] == true) line += " wire-only";
      }
      lines.push_back(line);
    }
    return lines;
  }
};

// The honeypot logged the connection and the read; the write and a second connection it did not.
TEST_F(EventSessions, OneTimeLineMarksWhatOnlyTheWireShowed) {
  const auto flows = StoreModbus(2).flows;
  const std::int64_t start = flows[0].start_ns;
  const auto port = std::int64_t{flows[0].orig.port};
  Add(1, flows[0], {.time_ns = start, .port = port, .session = "a", .ecs = Ecs("connect")});
  Add(2, flows[0],
      {.time_ns = start + 1'000'000,
       .session = "a",
       .ecs = Ecs("request"),
       .record = R"({"request":"b'000100000006010300640002'"})"});
  Add(3, flows[0], {.time_ns = start, .port = std::int64_t{9}, .session = "b"});
  const auto answer = Of(2);
  EXPECT_EQ(answer["session"], "a");
  EXPECT_EQ(answer["sensor"], "honeypot");
  EXPECT_EQ(answer["source"], flows[0].orig.ip.ToString());
  EXPECT_EQ(answer["partial"], false);
  EXPECT_EQ(answer["truncated"], false);
  EXPECT_TRUE(answer["next"].is_null());
  EXPECT_EQ(answer["counts"]["events"], 2);
  EXPECT_EQ(answer["counts"]["flows"], 2);
  EXPECT_EQ(answer["counts"]["transactions"], 4);
  EXPECT_EQ(
      answer["counts"]["wire_only"],
      nlohmann::json::parse(R"({"flows":1,"transactions":3,"commands":2,"after_logged_end":0})"));
  EXPECT_EQ(answer["counts"]["log_only"]["events"], 0);
  const auto lines = Lines(answer);
  ASSERT_EQ(lines.size(), 8u);
  EXPECT_EQ(lines[0], "flow");
  EXPECT_EQ(lines[1], "event 1 linked");
  EXPECT_THAT(lines, testing::Contains("flow wire-only").Times(1));
  EXPECT_THAT(lines, testing::Contains("event 2 linked").Times(1));
  EXPECT_THAT(lines, testing::Contains("transaction read_holding_registers").Times(1));
  EXPECT_EQ(answer, Of(1)) << "the same session, whichever of its events is asked for";
}

TEST_F(EventSessions, HP01_SessionsOwnBeginningTellsItsClock) {
  const auto flows = StoreModbus(1).flows;
  const std::int64_t start = flows[0].start_ns + 5 * kHour;
  const auto port = std::int64_t{flows[0].orig.port};
  Add(1, flows[0], {.time_ns = start, .port = port, .session = "a", .ecs = Ecs("connect")});
  Add(2, flows[0], {.time_ns = start + 1000, .session = "a", .ecs = Ecs("request")});
  const auto answer = Of(2);
  EXPECT_EQ(answer["clock"]["known_from"], "session");
  EXPECT_EQ(answer["clock"]["moved_by"], 18000.0);
  EXPECT_EQ(answer["counts"]["log_only"]["events"], 0);
  EXPECT_EQ(answer["counts"]["wire_only"]["transactions"], 1);
  const auto lines = Lines(answer);
  EXPECT_THAT(lines, testing::Contains("event 2 linked").Times(1));
  for (const auto& entry : answer["entries"]) {
    if (entry["kind"] != "event" || entry["event"]["id"] != 2) continue;
    EXPECT_EQ(entry["event"]["time"], base::FormatTime(start + 1000)) << "as stated";
    EXPECT_EQ(entry["time"], base::FormatTime(flows[0].start_ns + 1000));
  }
}

// Without a session id: the events of the source until nothing came for half an hour.
TEST_F(EventSessions, GapsCutWhatHasNoSessionId) {
  const auto flows = StoreModbus(1).flows;
  const std::int64_t start = flows[0].start_ns;
  const std::int64_t minute = 60 * base::kNanosPerSecond;
  for (const std::int64_t at : {-100, -40, -20, 0, 29, 59, 90}) {
    Add(200 + at, flows[0], {.time_ns = start + at * minute});
  }
  Add(1, flows[0], {.time_ns = start, .session = "other"});
  EXPECT_EQ(Of(200)["counts"]["events"], 5);
  EXPECT_EQ(Of(259)["counts"]["events"], 5);
  EXPECT_EQ(Of(290)["counts"]["events"], 1);
  EXPECT_EQ(Of(100)["counts"]["events"], 1);
  EXPECT_EQ(Of(259)["counts"]["log_only"]["events"], 4) << "only one is near the packets";
}

TEST_F(EventSessions, HP03_SourceBehindAGatewayIsThatOfTheWire) {
  const auto flows = StoreModbus(2).flows;
  const auto port = std::int64_t{flows[0].orig.port};
  Add(1, flows[0],
      {.time_ns = flows[0].start_ns, .port = port, .session = "a", .ecs = Ecs("connect")});
  Execute("UPDATE events SET source_ip = ?",
          {AddressValue(*capture::ParseIpAddress("172.17.0.1"))});
  const auto answer = Of(1);
  EXPECT_EQ(answer["source"], "172.17.0.1");
  EXPECT_EQ(answer["source_on_wire"], flows[0].orig.ip.ToString());
  EXPECT_EQ(answer["counts"]["flows"], 2);
  EXPECT_EQ(answer["counts"]["wire_only"]["flows"], 1);
}

TEST_F(EventSessions, PagesJoinToTheWhole) {
  const auto flows = StoreModbus(3).flows;
  Add(1, flows[0], {.time_ns = flows[0].start_ns, .port = std::int64_t{flows[0].orig.port}});
  const auto whole = Of(1);
  ASSERT_EQ(whole["entries"].size(), 10u);
  nlohmann::json joined = nlohmann::json::array();
  std::map<std::string, std::string> query{{"limit", "3"}};
  for (int page = 0; page < 10; ++page) {
    const auto part = Of(1, query);
    EXPECT_EQ(part["counts"], whole["counts"]);
    for (const auto& entry : part["entries"]) joined.push_back(entry);
    if (part["next"].is_null()) break;
    query["after"] = part["next"];
  }
  EXPECT_EQ(joined, whole["entries"]);
  for (const char* bad : {"", "x", "1", "1_2", "1_9_1", "1_-1_1", "1_1_1x", "1_1_1_1"}) {
    EXPECT_EQ(Get("/api/v1/events/1/session", {{"after", bad}}).status, 400) << bad;
  }
  EXPECT_EQ(Get("/api/v1/events/1/session", {{"limit", "0"}}).status, 400);
  EXPECT_EQ(Get("/api/v1/events/1/session", {{"filter", "x"}}).status, 400);
  EXPECT_EQ(Get("/api/v1/events/2/session").status, 404);
  EXPECT_EQ(Get("/api/v1/events/x/session").status, 400);
}

TEST_F(EventSessions, EventWithoutAddressStandsAlone) {
  Execute(
      "INSERT INTO events (id, sensor_id, time_ns, received_ns, type, record) "
      "VALUES (1, ?, 1, 1, '', 'no json')",
      {SensorId("honeypot")});
  const auto answer = Of(1);
  EXPECT_TRUE(answer["source"].is_null());
  EXPECT_EQ(Lines(answer), std::vector<std::string>{"event 1 none"});
}

// Ten times what is shown, with a record each of what a record may have at most.
TEST_F(EventSessions, RecordsAreAsTheyCame) {
  const std::string record = R"({"n":123456789012345678901234567890,"f":1.10})";
  Add(1, capture::FlowRecord{}, {.time_ns = base::WallNow(), .session = "a", .record = record});
  EXPECT_THAT(Get("/api/v1/events/1/session").body, testing::HasSubstr("\"event\":" + record));
}

TEST_F(EventSessions, LimitsAreSaid) {
  const auto flows = StoreModbus(1).flows;
  const std::string record = R"({"a":")" + std::string(100'000, 'x') + R"("})";
  for (int i = 0; i < 200; ++i) {
    Add(i + 1, flows[0], {.time_ns = flows[0].start_ns + i, .session = "a", .record = record});
  }
  const auto answer = Of(1, {{"limit", "10"}});
  EXPECT_EQ(answer["truncated"], true);
  EXPECT_LT(answer["counts"]["events"], 190);
  EXPECT_GT(answer["counts"]["events"], 100);
}

}  // namespace
}  // namespace tapiary::server::test
