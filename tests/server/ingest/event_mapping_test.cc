#include "server/ingest/event_mapping.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapiary::server {
namespace {

// Fields of `json` under the mappings of a file that begins with `mappings:`.
EventFields Read(const std::string& mappings, const std::string& json) {
  EventMappings all;
  const auto parsed = all.Parse("mappings:\n" + mappings, "m.yaml");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return RecogniseEvent(json, &all);
}

std::string TimeOf(const std::string& time, const std::string& value) {
  const auto fields =
      Read("- {name: x, match: {a: 1}, time: " + time + "}", R"({"a":1,"t":)" + value + "}");
  EXPECT_EQ(fields.time_kind == EventTime::kOwn, fields.time_ns.has_value());
  return fields.time_ns ? base::FormatTime(*fields.time_ns) : "none";
}

constexpr const char* kHoneyPot = R"(
- name: my-plc
  match: {product: my-plc, kind: [auth, "cmd*"]}
  fields:
    source.ip: peer.addr
    source.port: peer.port
    destination.ip: [local.addr, host]
    user.name: who
    process.command_line: args
    event.code: kind
    file.hash.sha256: sum
  set: {network.protocol: MODBUS, event.action: command}
  time: {path: [when, then], format: epoch_ms}
)";

TEST(EventMapping, FieldsConstantsAndTime) {
  const auto fields =
      Read(kHoneyPot,
           R"({"product":"my-plc","kind":"cmd.run","peer":{"addr":"203.0.113.7","port":"99"},)"
           R"("host":"10.0.0.2","who":"root","args":["ls",1],"sum":"short","then":1700000000500})");
  EXPECT_EQ(fields.dataset, "my-plc");
  EXPECT_EQ(fields.type, "cmd.run");
  EXPECT_EQ(fields.action, "command");
  EXPECT_EQ(fields.protocol, "modbus");
  EXPECT_EQ(fields.source_ip.ToString(), "203.0.113.7");
  EXPECT_EQ(fields.source_port, 99);
  EXPECT_EQ(fields.destination_ip.ToString(), "10.0.0.2");
  EXPECT_EQ(fields.user, "root");
  EXPECT_EQ(fields.command, "ls; 1");
  EXPECT_FALSE(fields.sha256) << "no hash";
  EXPECT_EQ(base::FormatTime(fields.time_ns.value_or(0)), "2023-11-14T22:13:20.500000000Z");
}

TEST(EventMapping, AWordThatTheSchemaHasNotGotIsLeftOut) {
  const std::string mapping =
      "- {name: x, match: {a: 1}, fields: {event.action: what, event.outcome: end}}\n";
  const auto known = Read(mapping, R"({"a":1,"what":"login","end":"failure"})");
  EXPECT_EQ(known.action, "login");
  EXPECT_EQ(known.outcome, "failure");
  const auto unknown = Read(mapping, R"({"a":1,"what":"banana","end":"client connect"})");
  EXPECT_EQ(unknown.action, "other");
  EXPECT_EQ(unknown.outcome, "");
}

TEST(EventMapping, OthersAreReadAsEver) {
  for (const char* json :
       {R"({"product":"my-plc","kind":"other","src_ip":"1.2.3.4"})",
        R"({"product":"my","kind":"auth","src_ip":"1.2.3.4"})", R"({"src_ip":"1.2.3.4"})"}) {
    const auto fields = Read(kHoneyPot, json);
    EXPECT_EQ(fields.dataset, "generic") << json;
    EXPECT_EQ(fields.source_ip.ToString(), "1.2.3.4");
  }
}

TEST(EventMapping, TheFirstThatFitsGoesBeforeTheKnownServices) {
  const std::string two =
      "- {name: mine, match: {eventid: 'cowrie.*'}, set: {event.action: other}}\n"
      "- {name: later, match: {eventid: 'cowrie.*'}}\n";
  EXPECT_EQ(Read(two, R"({"eventid":"cowrie.login.failed"})").dataset, "mine");
  EXPECT_EQ(Read(two, R"({"eventid":"other"})").dataset, "generic");
}

TEST(EventMapping, TimesInAllFormats) {
  EXPECT_EQ(TimeOf("{path: t}", R"("2026-11-25T12:00:00Z")"), "2026-11-25T12:00:00.000000000Z");
  EXPECT_EQ(TimeOf("{path: t, zone: '+02:00'}", R"("2026-11-25 12:00:00")"),
            "2026-11-25T10:00:00.000000000Z");
  EXPECT_EQ(TimeOf("{path: t, zone: '+02:00'}", R"("2026-11-25T12:00:00-01:00")"),
            "2026-11-25T13:00:00.000000000Z");
  EXPECT_EQ(TimeOf("{path: t, format: epoch}", "1700000000.25"), "2023-11-14T22:13:20.250000000Z");
  EXPECT_EQ(TimeOf("{path: t, format: epoch_us}", "1700000000000001"),
            "2023-11-14T22:13:20.000001000Z");
  EXPECT_EQ(TimeOf("{path: t, format: epoch_ns}", R"("1700000000000000001")"),
            "2023-11-14T22:13:20.000000001Z");
  EXPECT_EQ(TimeOf("{path: t, format: '%d/%m/%Y %H:%M:%S', zone: '-05:00'}",
                   R"("25/11/2026 12:00:00,5")"),
            "2026-11-25T17:00:00.500000000Z");
  EXPECT_EQ(TimeOf("{path: t, format: '%Y%m%d%H%M%S%z'}", R"("20261125120000+0200")"),
            "2026-11-25T10:00:00.000000000Z");
}

TEST(EventMapping, TimesThatAreNone) {
  for (const char* value : {"-1", "1e30", "99999999999999999999", R"("")", R"("1700000000x")",
                            R"("1.2.3")", "{}", "null"}) {
    EXPECT_EQ(TimeOf("{path: t, format: epoch}", value), "none") << value;
    EXPECT_EQ(TimeOf("{path: t, format: '%Y-%m-%d'}", value), "none") << value;
    EXPECT_EQ(TimeOf("{path: t}", value), "none") << value;
  }
}

}  // namespace
}  // namespace tapiary::server
