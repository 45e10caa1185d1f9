#include "server/api/event_sessions.h"

#include <gmock/gmock.h>

#include <set>

#include "server/ingest/event_fields.h"
#include "tests/server/api/event_fixture.h"

namespace tapiary::server::test {
namespace {

constexpr std::int64_t kMinute = 60 * base::kNanosPerSecond;

class SessionList : public EventFixture {
 protected:
  static std::string Ecs(const std::string& action, const std::string& outcome = "",
                         const std::string& dataset = "cowrie") {
    return R"({"event.dataset":")" + dataset + R"(","event.action":")" + action +
           R"(","event.outcome":")" + outcome + R"(","tapiary.time":"event"})";
  }
  nlohmann::json List(std::map<std::string, std::string> query = {}) {
    return Json("/api/v1/events/sessions", std::move(query));
  }
  // A flow of which only the ends count.
  static capture::FlowRecord From(const char* ip) {
    capture::FlowRecord flow;
    flow.orig.ip = *capture::ParseIpAddress(ip);
    flow.resp.ip = *capture::ParseIpAddress("10.0.0.1");
    flow.resp.port = 2222;
    return flow;
  }
};

TEST_F(SessionList, ASessionSumsUpItsEvents) {
  const std::int64_t start = base::WallNow() - 10 * kMinute;
  const auto who = From("203.0.113.7");
  std::int64_t id = 0;
  Add(++id, who, {.time_ns = start, .session = "a", .ecs = Ecs("connect")});
  Add(++id, who, {.time_ns = start + 1, .session = "a", .ecs = Ecs("login", "failure")});
  Add(++id, who, {.time_ns = start + 2, .session = "a", .ecs = Ecs("login", "success")});
  Add(++id, who, {.time_ns = start + 3, .session = "a", .ecs = Ecs("command")});
  Add(++id, who, {.time_ns = start + 4, .session = "a", .ecs = Ecs("download")});
  Add(++id, who, {.time_ns = start + 9, .session = "a", .ecs = Ecs("upload")});
  const auto answer = List();
  ASSERT_EQ(answer["items"].size(), 1u) << answer.dump();
  const auto expected = nlohmann::json{{"event", 6},
                                       {"sensor", "honeypot"},
                                       {"dataset", "cowrie"},
                                       {"source", "203.0.113.7"},
                                       {"session", "a"},
                                       {"start", base::FormatTime(start)},
                                       {"end", base::FormatTime(start + 9)},
                                       {"events", 6},
                                       {"matches", 6},
                                       {"logins", 2},
                                       {"logins_accepted", 1},
                                       {"commands", 1},
                                       {"files", 2},
                                       {"wire_only", nullptr}};
  EXPECT_EQ(answer["items"][0], expected);
  EXPECT_TRUE(answer["next"].is_null());
  EXPECT_EQ(answer["partial"], false);
  EXPECT_EQ(answer["truncated"], false);
}

// As /events/{id}/session has them: by sensor, source and id, and gaps where there is none.
TEST_F(SessionList, SessionsAreThoseOfTheTimeLine) {
  const std::int64_t start = base::WallNow() - 600 * kMinute;
  std::int64_t id = 0;
  for (const std::int64_t at : {0, 20, 49, 100, 131}) {  // no id: three of them
    Add(++id, From("203.0.113.7"), {.time_ns = start + at * kMinute});
  }
  Add(++id, From("203.0.113.8"), {.time_ns = start});                  // another source
  Add(++id, From("203.0.113.8"), {.time_ns = start, .session = "1"});  // an id
  Add(++id, From("203.0.113.9"), {.time_ns = start, .session = "1"});  // the same of another
  Add(++id, From("203.0.113.9"), {.time_ns = start + 1439 * kMinute, .session = "1"});
  Add(++id, From("203.0.113.9"), {.time_ns = start + 3000 * kMinute, .session = "1"});  // again
  Execute(
      "INSERT INTO events (id, sensor_id, time_ns, received_ns, type, record) VALUES "
      "(?, ?, ?, ?, '', '{}')",
      {++id, SensorId("honeypot"), start, base::WallNow()});  // neither: of no session
  const auto items = List()["items"];
  ASSERT_EQ(items.size(), 7u);
  for (const auto& item : items) {
    const auto session = Json("/api/v1/events/" + item["event"].dump() + "/session");
    EXPECT_EQ(session["counts"]["events"], item["events"]) << item.dump();
    EXPECT_EQ(session["source"], item["source"]);
    EXPECT_EQ(session["session"], item["session"]);
  }
}

// Cowrie over hpfeeds and Dionaea: one record a session, as ingest stores it.
TEST_F(SessionList, RecordsOfWholeSessionsCountWithAllTheySumUp) {
  const std::int64_t now = base::WallNow();
  const auto store = [&](std::int64_t id, const char* ip, const std::string& record) {
    Add(id, From(ip),
        {.time_ns = now, .ecs = EcsJson(RecogniseEvent(record), now), .record = record});
  };
  store(1, "203.0.113.7",
        R"({"startTime":"2026-11-25T12:00:00Z","peerIP":"203.0.113.7","loggedin":["root","toor"],)"
        R"("credentials":[["a","b"],["c","d"]],"commands":["id","uname"],"hashes":["x"]})");
  store(2, "203.0.113.7", R"({"eventid":"cowrie.login.failed","username":"x"})");
  store(3, "203.0.113.8",
        R"({"connection":{"protocol":"ftpd"},"credentials":[{"username":"a","password":"b"}],)"
        R"("ftp":{"commands":[{"command":"USER"},{"command":"PASS"}]}})");
  const auto items = List()["items"];
  ASSERT_EQ(items.size(), 2u);
  const auto counts = [](const auto& item) {
    return nlohmann::json{item["logins"], item["logins_accepted"], item["commands"], item["files"]};
  };
  EXPECT_EQ(counts(items[0]), (nlohmann::json{1, 0, 2, 0}));
  EXPECT_EQ(counts(items[1]), (nlohmann::json{4, 1, 2, 1}));
}

// A service that starts and a record that says nobody: no attacker.
TEST_F(SessionList, WhatHasNeitherSourceNorSessionIsOfNone) {
  const auto nobody = capture::FlowRecord{};
  Add(1, nobody, {.time_ns = base::WallNow(), .ecs = Ecs("operational", "", "opencanary")});
  Add(2, nobody, {.time_ns = base::WallNow(), .ecs = Ecs("other", "", "generic")});
  Add(3, nobody, {.time_ns = base::WallNow(), .session = "a"});
  const auto items = List()["items"];
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0]["session"], "a");
  for (const std::int64_t id : {1, 2}) {
    const auto alone = Json("/api/v1/events/" + std::to_string(id) + "/session");
    ASSERT_EQ(alone["entries"].size(), 1u) << "not with others of nobody";
    EXPECT_EQ(alone["entries"][0]["event"]["id"], id);
  }
}

TEST_F(SessionList, AFilterChoosesSessionsAndCutsNone) {
  const std::int64_t start = base::WallNow() - kMinute;
  Add(1, From("203.0.113.7"), {.time_ns = start, .session = "a", .ecs = Ecs("login")});
  Add(2, From("203.0.113.7"), {.time_ns = start, .session = "a", .ecs = Ecs("command")});
  Add(3, From("203.0.113.8"), {.time_ns = start, .session = "b", .ecs = Ecs("login")});
  const auto items = List({{"filter", "event.action == command"}})["items"];
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0]["session"], "a");
  EXPECT_EQ(items[0]["events"], 2);
  EXPECT_EQ(items[0]["matches"], 1);
  EXPECT_EQ(List({{"filter", "flow.bytes > 1"}})["fields_not_here"],
            nlohmann::json::array({"flow.bytes"}));
}

TEST_F(SessionList, SeveralServicesOfOneSourceAreNone) {
  const std::int64_t start = base::WallNow() - kMinute;
  Add(1, From("203.0.113.7"), {.time_ns = start, .ecs = Ecs("connect")});
  Add(2, From("203.0.113.7"), {.time_ns = start, .ecs = Ecs("connect", "", "conpot")});
  EXPECT_TRUE(List()["items"][0]["dataset"].is_null());
}

TEST_F(SessionList, PagesJoinToTheWhole) {
  const std::int64_t now = base::WallNow();
  for (std::int64_t i = 0; i < 25; ++i) {
    Add(i + 1, From("203.0.113.7"),
        {.time_ns = now, .session = std::to_string(i), .received_ns = now - (i % 5) * kMinute});
  }
  const auto whole = List()["items"];
  ASSERT_EQ(whole.size(), 25u);
  nlohmann::json joined = nlohmann::json::array();
  std::map<std::string, std::string> query{{"limit", "7"}};
  for (int page = 0; page < 9; ++page) {
    const auto part = List(query);
    for (const auto& item : part["items"]) joined.push_back(item);
    if (part["next"].is_null()) break;
    query["after"] = part["next"];
  }
  EXPECT_EQ(joined, whole);
}

// HP-01: months away, and as far away as a number can be.
TEST_F(SessionList, HP01_WrongClocksAreInTheWindowOfReceipt) {
  const std::int64_t month = 30 * 1440 * kMinute;
  for (const std::int64_t time_ns :
       {base::WallNow() - 9 * month, base::WallNow() + 1440 * kMinute, INT64_MIN, INT64_MAX}) {
    Add(time_ns == INT64_MIN ? 1 : time_ns, From("203.0.113.7"), {.time_ns = time_ns});
  }
  EXPECT_EQ(List()["items"].size(), 4u);
  EXPECT_EQ(List({{"clock", "sensor"}})["items"].size(), 2u);  // no end: what lies ahead is in it
}

TEST_F(SessionList, WireSaysWhatWasNeverLogged) {
  const auto flows = StoreModbus(2).flows;
  Add(1, flows[0],
      {.time_ns = flows[0].start_ns,
       .port = std::int64_t{flows[0].orig.port},
       .session = "a",
       .ecs = Ecs("connect", "", "conpot")});
  EXPECT_TRUE(List()["items"][0]["wire_only"].is_null());
  const auto item = List({{"wire", "true"}})["items"][0];
  const auto session = Json("/api/v1/events/1/session");
  EXPECT_EQ(item["wire_only"], session["counts"]["wire_only"]);
  EXPECT_EQ(item["wire_only"]["flows"], 1);
  EXPECT_GT(item["wire_only"]["commands"], 0);
}

TEST_F(SessionList, WhatIsAskedForIsChecked) {
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"wire", "yes"},
                                                                  {"limit", "0"},
                                                                  {"limit", "1001"},
                                                                  {"after", "x"},
                                                                  {"format", "csv"},
                                                                  {"filter", "no.such"},
                                                                  {"sensor", "x"},
                                                                  {"last", "soon"}}) {
    EXPECT_EQ(Get("/api/v1/events/sessions", {{name, value}}).status, 400) << name;
  }
  EXPECT_EQ(Get("/api/v1/events/sessions", {{"wire", "true"}, {"limit", "26"}}).status, 400);
  EXPECT_EQ(Get("/api/v1/events/sessions", {{"wire", "true"}, {"limit", "25"}}).status, 200);
}

TEST_F(SessionList, TextOfAttackersStaysEscaped) {
  Add(1, From("203.0.113.7"), {.time_ns = base::WallNow(), .session = R"(<img src=x>\x00)"});
  EXPECT_EQ(List()["items"][0]["session"], R"(<img src=x>\x00)");
}

}  // namespace
}  // namespace tapiary::server::test
