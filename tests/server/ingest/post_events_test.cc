#include <zstd.h>

#include "base/clock.h"
#include "server/ingest/event_mapping.h"
#include "tests/server/ingest/fixture.h"
#include "tests/support/catalog.h"

namespace tapiary::server::test {
namespace {

using PostEvents = IngestFixture;

TEST_F(PostEvents, StoresRecognisedFieldsAndTheRecord) {
  const Answer answer =
      Call("POST", "events",
           {R"({"src_ip":"203.0.113.7","username":"admin","password":"1234","x":[1]})"});
  ASSERT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(answer.json, nlohmann::json::parse(R"({"stored":1,"rejected":[]})"));
  EXPECT_EQ(Row("SELECT hex(source_ip), source_port, user_name, password, session, record, "
                "CASE WHEN time_ns = received_ns THEN 1 ELSE 0 END FROM events"),
            (std::vector<std::string>{
                "00000000000000000000FFFFCB007107", "NULL", "admin", "1234", "NULL",
                R"({"src_ip":"203.0.113.7","username":"admin","password":"1234","x":[1]})", "1"}));
}

TEST_F(PostEvents, StoresTheFieldsByTheirEcsNames) {
  const std::string record =
      R"({"eventid":"cowrie.command.input","input":"id\u0000","session":"ab12","src_ip":"203.0.113.7",)"
      R"("timestamp":"2026-11-25T12:00:00Z","protocol":"ssh"})";
  ASSERT_EQ(Call("POST", "events", {record}).status, 201);
  const auto row = Row("SELECT ecs, record FROM events");
  const auto ecs = nlohmann::json::parse(row[0]);
  EXPECT_EQ(ecs["event.dataset"], "cowrie");
  EXPECT_EQ(ecs["event.action"], "command");
  EXPECT_EQ(ecs["process.command_line"], R"(id\x00)");
  EXPECT_EQ(ecs["@timestamp"], "2026-11-25T12:00:00.000000000Z");
  EXPECT_EQ(nlohmann::json::parse(row[1])["input"], R"(id\x00)") << "the record stays";
}

TEST_F(PostEvents, CO03_BatchOfHundredWithNulAndInvalidUtf8IsStoredWhole) {
  std::string body;
  for (int i = 0; i < 100; ++i) {
    std::string user = "u" + std::to_string(i);
    if (i == 30) user = R"(a\u0000b)";
    if (i == 60) user = "c\xff";
    if (i == 90) user = std::string("d\0e", 3);
    body += R"({"username":")" + user + "\"}\n";
  }
  const Answer answer = Call("POST", "events", {body});
  ASSERT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(answer.json["stored"], 100);
  EXPECT_EQ(Count("events"), 100);
  EXPECT_EQ(Count(R"(events WHERE user_name = 'a\x00b')"), 1);
  EXPECT_EQ(Count(R"(events WHERE user_name = 'c\xff')"), 1);
  EXPECT_EQ(Count(R"(events WHERE user_name = 'd\x00e')"), 1);
  EXPECT_EQ(Count("events WHERE json_valid(record)"), 100);
}

TEST_F(PostEvents, CO03_BadRecordIsRefusedAloneByIndex) {
  std::string body = "[";
  for (int i = 0; i < 100; ++i) body += i == 5 ? "{\"a\":}," : i == 99 ? "{}]" : "{},";
  const Answer answer = Call("POST", "events", {body});
  ASSERT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(answer.json["stored"], 99);
  ASSERT_EQ(answer.json["rejected"].size(), 1u);
  EXPECT_EQ(answer.json["rejected"][0]["index"], 5);
  EXPECT_EQ(answer.json["quarantined"], 1);
  EXPECT_EQ(Row("SELECT place, reason, raw FROM event_rejects"),
            (std::vector<std::string>{"5", "not valid JSON", R"({"a":})"}));
  EXPECT_EQ(Count("events"), 99);
}

// What only the database refuses: here, by an index of today's part.
TEST_F(PostEvents, CO03_UninsertableRecordIsSetAsideAlone) {
  KeepEventsInOnePart(*catalog_);
  const auto parts = catalog_->TimeParts();
  ASSERT_TRUE(parts);
  const auto today = std::ranges::find_if(*parts, [now_ns = base::WallNow()](const TimePart& part) {
    return part.table == "events" && part.from_ns <= now_ns && now_ns < part.to_ns;
  });
  ASSERT_NE(today, parts->end());
  ASSERT_TRUE(catalog_->Write([&today](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute("CREATE UNIQUE INDEX picky ON " + today->name + " (type)", {}));
    return {};
  }));
  const Answer answer = Call("POST", "events", {R"([{"type":"a"},{"type":"a"},{"type":"b"}])"});
  ASSERT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(answer.json["stored"], 2);
  EXPECT_EQ(answer.json["rejected"][0]["index"], 1);
  EXPECT_EQ(Count("events"), 2);
  EXPECT_EQ(Count(R"(event_rejects WHERE place = 1 AND raw = '{"type":"a"}')"), 1);
}

TEST_F(PostEvents, CO05_CompressedBodiesAreLimitedAsSentAndExpanded) {
  Start({.events_bytes = 100'000});
  std::string small(ZSTD_compressBound(7), '\0');
  small.resize(ZSTD_compress(small.data(), small.size(), R"({"a":1})", 7, 3));
  EXPECT_EQ(Call("POST", "events", {small}).status, 201);
  EXPECT_EQ(Row("SELECT record FROM events"), std::vector<std::string>{R"({"a":1})"});
  const auto before = State();
  const std::string spaces(100'001, ' ');
  std::string bomb(ZSTD_compressBound(spaces.size()), '\0');
  bomb.resize(ZSTD_compress(bomb.data(), bomb.size(), spaces.data(), spaces.size(), 3));
  ExpectProblem(Call("POST", "events", {bomb}), 413);
  ExpectProblem(Call("POST", "events", {small.substr(0, small.size() - 1)}), 422);
  EXPECT_EQ(State(), before);
}

TEST_F(PostEvents, MappingsOfTheConfigurationAreUsed) {
  const auto mappings = std::make_shared<EventMappings>();
  ASSERT_TRUE(
      mappings->Parse("mappings: [{name: mine, match: {p: 7}, fields: {user.name: w}}]", ""));
  Start({.mappings = mappings});
  ASSERT_EQ(Call("POST", "events", {R"({"p":7,"w":"eve","username":"other"})"}).status, 201);
  const auto row = Row("SELECT user_name, ecs FROM events");
  EXPECT_EQ(row[0], "eve");
  EXPECT_EQ(nlohmann::json::parse(row[1])["event.dataset"], "mine");
}

TEST_F(PostEvents, IdempotencyKeyMakesARetryStoreNothing) {
  const std::map<std::string, std::string> key{{"idempotency-key", "batch-17"}};
  EXPECT_EQ(Call("POST", "events", {R"({"a":1})"}, key).status, 201);
  const auto before = State();
  EXPECT_EQ(Call("POST", "events", {R"({"a":1})"}, key).status, 200);
  const Answer other = Call("POST", "events", {R"({"a":2})"}, key);
  ExpectProblem(other, 409);
  EXPECT_NE(other.text.find("Idempotency-Key"), std::string::npos) << other.text;
  EXPECT_EQ(State(), before);
  EXPECT_TRUE(Row("SELECT detail FROM audit WHERE action = 'digest-conflict'")[0].ends_with(
      ", Idempotency-Key batch-17"));
  // Without a key equal events are two events.
  EXPECT_EQ(Call("POST", "events", {R"({"a":1})"}).status, 201);
  EXPECT_EQ(Call("POST", "events", {R"({"a":1})"}).status, 201);
  EXPECT_EQ(Count("events"), 3);
}

TEST_F(PostEvents, HP01_SensorTimeIsKeptBesideReceiveTime) {
  EXPECT_EQ(Call("POST", "events", {R"({"timestamp":"2026-02-25T12:00:00Z"})"}).status, 201);
  const auto row = Row("SELECT time_ns, received_ns FROM events");
  EXPECT_EQ(base::FormatTime(std::stoll(row[0])), "2026-02-25T12:00:00.000000000Z");
  EXPECT_LT(base::WallNow() - std::stoll(row[1]), 60 * base::kNanosPerSecond);
}

TEST_F(PostEvents, RefusalsAreClearAndLeaveNothing) {
  Start({.events_bytes = 1000, .events_per_request = 10});
  const auto before = State();
  ExpectProblem(Call("POST", "events", {""}), 400);
  ExpectProblem(Call("POST", "events", {"hello"}), 400);
  ExpectProblem(Call("POST", "events", {"[{}"}), 400);
  ExpectProblem(Call("POST", "events", {"\xff\xfe"}), 400);
  ExpectProblem(Call("POST", "events", {std::string(1001, ' ')}), 413);
  ExpectProblem(Call("POST", "events", {"[{},{},{},{},{},{},{},{},{},{},{}]"}), 413);
  ExpectProblem(Call("POST", "events", {"{}"}, {{"idempotency-key", std::string(129, 'a')}}), 400);
  ExpectProblem(Call("POST", "events", {"{}"}, {{"idempotency-key", "a\tb"}}), 400);
  ExpectProblem(Call("POST", "events", {"{}"}, {{"content-digest", Digest("x")}}), 422);
  EXPECT_GE(Call("POST", "events", {.content = "{\"a\":1}", .cut = 3, .step = 2}).status, 400);
  EXPECT_EQ(State(), before);
}

}  // namespace
}  // namespace tapiary::server::test
