#include "server/ingest/event_fields.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapiary::server {
namespace {

std::string Time(std::string_view text) {
  const auto time = ParseEventTime(text);
  return time ? base::FormatTime(*time) : "none";
}

TEST(EventFields, TimesOfAllServices) {
  EXPECT_EQ(Time("2026-11-25T12:00:00.123456Z"), "2026-11-25T12:00:00.123456000Z");
  EXPECT_EQ(Time("2026-11-25T12:00:00.123456+0200"), "2026-11-25T10:00:00.123456000Z");
  EXPECT_EQ(Time("2026-11-25T12:00:00-01:30"), "2026-11-25T13:30:00.000000000Z");
  EXPECT_EQ(Time("2026-11-25 12:00:00.123456"), "2026-11-25T12:00:00.123456000Z");
  for (const char* bad : {"", "yesterday", "2026-11-25", "2026-13-25T12:00:00Z", "1700000000"}) {
    EXPECT_EQ(Time(bad), "none") << bad;
  }
}

TEST(EventFields, Cowrie) {
  const auto fields = RecogniseEvent(
      R"({"eventid":"cowrie.login.failed","username":"root","password":"1234","src_ip":)"
      R"("203.0.113.7","src_port":4711,"dst_ip":"10.0.0.2","dst_port":2222,"session":"ab12",)"
      R"("timestamp":"2026-11-25T12:00:00.5Z"})");
  EXPECT_EQ(fields.type, "cowrie.login.failed");
  EXPECT_EQ(fields.source_ip.ToString(), "203.0.113.7");
  EXPECT_EQ(fields.source_port, 4711);
  EXPECT_EQ(fields.destination_ip.ToString(), "10.0.0.2");
  EXPECT_EQ(fields.destination_port, 2222);
  EXPECT_EQ(fields.user, "root");
  EXPECT_EQ(fields.password, "1234");
  EXPECT_EQ(fields.session, "ab12");
  ASSERT_TRUE(fields.time_ns);
  EXPECT_EQ(base::FormatTime(*fields.time_ns), "2026-11-25T12:00:00.500000000Z");
}

TEST(EventFields, ConpotOldAndNew) {
  const auto old = RecogniseEvent(
      R"({"timestamp":"2026-08-01T10:00:00.000001","id":"5c","src_ip":"::ffff:1.2.3.4",)"
      R"("src_port":1,"data_type":"modbus","event_type":null,"request":"b'0001'"})");
  EXPECT_EQ(old.session, "5c");
  EXPECT_EQ(old.type, "");
  EXPECT_EQ(old.source_ip.ToString(), "::ffff:1.2.3.4");
  EXPECT_TRUE(old.time_ns);
  const auto now = RecogniseEvent(
      R"({"schema_version":1,"session_id":"77","session_time":"2026-09-01T10:00:00+00:00",)"
      R"("event_time":"2026-09-01T10:00:05+00:00","event_type":"PLC_STOP"})");
  EXPECT_EQ(now.session, "77");
  EXPECT_EQ(now.type, "PLC_STOP");
  EXPECT_EQ(base::FormatTime(now.time_ns.value_or(0)), "2026-09-01T10:00:05.000000000Z");
}

TEST(EventFields, OpenCanary) {
  const auto fields = RecogniseEvent(
      R"({"dst_host":"10.0.0.9","dst_port":"22","src_host":"198.51.100.4","src_port":-1,)"
      R"("logtype":4002,"logdata":{"USERNAME":"admin","PASSWORD":"x"},)"
      R"("utc_time":"2026-11-25 12:00:00.000001","local_time":"2026-11-25 12:00:00.000001"})");
  EXPECT_EQ(fields.type, "4002");
  EXPECT_EQ(fields.source_ip.ToString(), "198.51.100.4");
  EXPECT_FALSE(fields.source_port);
  EXPECT_EQ(fields.destination_port, 22);
  EXPECT_EQ(fields.user, "admin");
  EXPECT_EQ(fields.password, "x");
  EXPECT_TRUE(fields.time_ns);
}

TEST(EventFields, PlainAndStrange) {
  const auto seed =
      RecogniseEvent(R"({"attacker":{"source_addr":"192.0.2.1","source_port":99},"data":{}})");
  EXPECT_EQ(seed.source_ip.ToString(), "192.0.2.1");
  EXPECT_EQ(seed.source_port, 99);
  const auto strange = RecogniseEvent(
      R"({"src_ip":["a"],"src_port":70000,"dst_ip":"host.example","username":{},"timestamp":5})");
  EXPECT_EQ(strange.source_ip.version, 0);
  EXPECT_FALSE(strange.source_port);
  EXPECT_EQ(strange.destination_ip.version, 0);
  EXPECT_FALSE(strange.user);
  EXPECT_FALSE(strange.time_ns);
  EXPECT_EQ(RecogniseEvent("{}").type, "");
}

}  // namespace
}  // namespace tapiary::server
