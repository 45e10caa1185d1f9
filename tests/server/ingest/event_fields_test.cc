#include "server/ingest/event_fields.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"

namespace tapiary::server {
namespace {

TEST(EventFields, PlainAndStrange) {
  const auto seed =
      RecogniseEvent(R"({"attacker":{"source_addr":"192.0.2.1","source_port":99},"data":{}})");
  EXPECT_EQ(seed.dataset, "generic");
  EXPECT_EQ(seed.action, "other");
  EXPECT_EQ(seed.source_ip.ToString(), "192.0.2.1");
  EXPECT_EQ(seed.source_port, 99);
  const auto strange = RecogniseEvent(
      R"({"src_ip":["a"],"src_port":70000,"dst_ip":"host.example","username":{},"timestamp":5})");
  EXPECT_EQ(strange.source_ip.version, 0);
  EXPECT_FALSE(strange.source_port);
  EXPECT_EQ(strange.destination_ip.version, 0);
  EXPECT_FALSE(strange.user);
  EXPECT_FALSE(strange.time_ns);
  EXPECT_EQ(strange.time_kind, EventTime::kReceived);
  EXPECT_EQ(RecogniseEvent("{}").type, "");
  EXPECT_EQ(RecogniseEvent("[").dataset, "generic");
}

// qeeqbox/honeypots and Heralding, as T-Pot names their columns.
TEST(EventFields, PlainLogins) {
  const auto login = RecogniseEvent(
      R"({"server":"SSH_server","action":"login","status":"failed","src_ip":"203.0.113.7",)"
      R"("src_port":"4711","dest_ip":"10.0.0.2","dest_port":"22","username":"a","password":"b"})");
  EXPECT_EQ(login.action, "login");
  EXPECT_EQ(login.protocol, "ssh_server");
  EXPECT_EQ(login.destination_ip.ToString(), "10.0.0.2");
  EXPECT_EQ(login.destination_port, 22);
  EXPECT_EQ(RecogniseEvent(R"({"type":"tapiary-agent.start"})").action, "operational");
}

TEST(EventFields, EcsNamesNestedOrDottedAreRead) {
  for (const char* text :
       {R"({"@timestamp":"2026-11-25T12:00:00Z","source":{"ip":"203.0.113.7","port":5},)"
        R"("user":{"name":"root"},"process":{"command_line":"id"},"event":{"action":"exec"}})",
        R"({"@timestamp":"2026-11-25T12:00:00Z","source.ip":"203.0.113.7","source.port":5,)"
        R"("user.name":"root","process.command_line":"id","event.action":"exec"})"}) {
    const auto fields = RecogniseEvent(text);
    EXPECT_EQ(fields.source_ip.ToString(), "203.0.113.7") << text;
    EXPECT_EQ(fields.source_port, 5);
    EXPECT_EQ(fields.user, "root");
    EXPECT_EQ(fields.command, "id");
    EXPECT_EQ(fields.type, "exec");
    EXPECT_EQ(fields.time_kind, EventTime::kOwn);
  }
}

TEST(EventFields, EcsJsonHasWhatIsKnownAndNothingElse) {
  const auto fields = RecogniseEvent(
      R"({"eventid":"cowrie.login.failed","username":"root","password":"1234","src_ip":)"
      R"("203.0.113.7","src_port":4711,"protocol":"ssh","session":"ab12",)"
      R"("timestamp":"2026-11-25T12:00:00Z"})");
  EXPECT_EQ(nlohmann::json::parse(EcsJson(fields, base::kNanosPerSecond)),
            nlohmann::json::parse(R"({
    "@timestamp": "2026-11-25T12:00:00.000000000Z",
    "event.ingested": "1970-01-01T00:00:01.000000000Z",
    "event.dataset": "cowrie", "event.code": "cowrie.login.failed",
    "event.action": "login", "event.outcome": "failure",
    "source.ip": "203.0.113.7", "source.port": 4711,
    "network.protocol": "ssh", "user.name": "root", "password": "1234",
    "session.id": "ab12", "tapiary.time": "event"})"));
  EXPECT_EQ(nlohmann::json::parse(EcsJson(RecogniseEvent("{}"), 0))["tapiary.time"], "received");
}

}  // namespace
}  // namespace tapiary::server
