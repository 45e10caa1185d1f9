#include "server/alert/message.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tapiary::server {
namespace {

Alert Sample() {
  Alert alert;
  alert.id = 12;
  alert.rule_id = 3;
  alert.rule = "outside";
  alert.note = "call";
  alert.severity = Severity::kHigh;
  alert.sensor = "plc-1";
  alert.group = "{}";
  alert.created_ns = 1'795'000'000'123'456'789;
  alert.last_ns = alert.created_ns;
  alert.matches = 1;
  alert.record = R"({"table":"transactions","time":"2026-11-18T00:26:40.000000000Z",)"
                 R"("src":{"ip":"192.0.2.9","port":40000},"dst":{"ip":"10.0.0.1","port":502},)"
                 R"("service":"modbus","operation":"write_single_register","technique":"T0855",)"
                 R"("flow":"plc-1.7.1"})";
  return alert;
}

TEST(AlertMessage, Rfc5424) {
  EXPECT_EQ(SyslogMessage(Sample(), {16, false, "collector-1"}),
            "<131>1 2026-11-18T11:06:40.123456Z collector-1 tapiary - alert "
            "[tapiary@32473 id=\"12\" rule=\"outside\" severity=\"high\" sensor=\"plc-1\" "
            "time=\"2026-11-18T00:26:40.000000000Z\" src=\"192.0.2.9\" spt=\"40000\" "
            "dst=\"10.0.0.1\" dpt=\"502\" service=\"modbus\" operation=\"write_single_register\" "
            "technique=\"T0855\" flow=\"plc-1.7.1\" note=\"call\"] \xef\xbb\xbf"
            "outside: write_single_register 192.0.2.9 -> 10.0.0.1:502 (sensor plc-1)");
}

TEST(AlertMessage, SeveritiesAndFacilities) {
  Alert alert = Sample();
  const auto priority = [&](Severity severity, int facility) {
    alert.severity = severity;
    const std::string text = SyslogMessage(alert, {facility, false, ""});
    return text.substr(0, text.find('>') + 1);
  };
  EXPECT_EQ(priority(Severity::kInfo, 0), "<6>");
  EXPECT_EQ(priority(Severity::kCritical, 23), "<186>");
  EXPECT_NE(SyslogMessage(alert, {0, false, "a b\n"}).find("Z ab tapiary"), std::string::npos);
  EXPECT_NE(SyslogMessage(alert, {0, false, "\n"}).find("Z - tapiary"), std::string::npos);
}

TEST(AlertMessage, Cef) {
  Alert alert = Sample();
  alert.matches = 7;
  EXPECT_EQ(CefText(alert),
            "CEF:0|Tapiary|tapiary-collector|" TAPIARY_VERSION
            "|3|outside|8|rt=1795000000123 externalId=12 dvchost=plc-1 src=192.0.2.9 spt=40000 "
            "dst=10.0.0.1 dpt=502 app=modbus act=write_single_register cnt=7 "
            "cs1Label=ATT&CK technique cs1=T0855 cs2Label=flow cs2=plc-1.7.1 "
            "cs3Label=note cs3=call msg=outside: write_single_register 192.0.2.9 -> 10.0.0.1:502 "
            "(sensor plc-1) "
            "7 matches");
  alert.record = R"({"src":{"ip":"2001:db8::1"},"dst":{"ip":"2001:db8::2"}})";
  const std::string text = CefText(alert);
  EXPECT_NE(text.find("c6a2=2001:db8::1 c6a2Label=Source IPv6 Address"), std::string::npos);
  EXPECT_NE(text.find("c6a3=2001:db8::2"), std::string::npos);
  EXPECT_EQ(text.find("src="), std::string::npos);
}

// What an attacker chose (an operation, a user name) or an analyst typed must not end a field.
TEST(AlertMessage, HostileTextStaysInItsField) {
  Alert alert = Sample();
  alert.rule = "a|b\\c=d\"]\n<13>1 forged";
  alert.note = "line 1\nline \"2\"] a=b|c\\";
  alert.record =
      R"json({"operation":"x\"] [evil y=\"\\ \n<0>1 - |=","user":"cs1=T0000 act=fake"})json";
  const std::string syslog = SyslogMessage(alert, {16, false, "h"});
  EXPECT_EQ(syslog.find('\n'), std::string::npos);
  EXPECT_NE(syslog.find(R"(operation="x\"\] [evil y=\"\\ \\x0a<0>1 - |=")"), std::string::npos)
      << syslog;
  EXPECT_NE(syslog.find(R"(rule="a|b\\c=d\"\]\\x0a<13>1 forged")"), std::string::npos) << syslog;
  const std::string cef = CefText(alert);
  EXPECT_EQ(cef.find('\n'), std::string::npos);
  EXPECT_NE(cef.find(R"(|3|a\|b\\c=d"]\\x0a<13>1 forged|8|)"), std::string::npos) << cef;
  EXPECT_NE(syslog.find(R"(note="line 1\\x0aline \"2\"\] a=b|c\\"] )"), std::string::npos)
      << syslog;
  EXPECT_NE(cef.find(R"(cs3=line 1\\x0aline "2"] a\=b|c\\ msg=)"), std::string::npos) << cef;
  EXPECT_NE(cef.find(R"(suser=cs1\=T0000 act\=fake)"), std::string::npos) << cef;
}

TEST(AlertMessage, ALongNoteLeavesStructuredDataWhole) {
  Alert alert = Sample();
  alert.note = std::string(20'000, '"');
  std::string text = SyslogMessage(alert, {16, false, "h"});
  EXPECT_NE(text.find("\"] \xef\xbb\xbf"), std::string::npos) << text;
  EXPECT_NE(text.find(" note=\"\\\""), std::string::npos) << text;
  alert.sensor = std::string(2000, 's');
  text = SyslogMessage(alert, {16, false, "h"});
  EXPECT_NE(text.find("\"] \xef\xbb\xbf"), std::string::npos) << text;
  EXPECT_EQ(text.find(" note="), std::string::npos) << text;
}

TEST(AlertMessage, IsBounded) {
  Alert alert = Sample();
  const std::string wide(20'000, 'w');
  alert.rule = wide;
  for (int i = 0; i < 3000; ++i) alert.sensor += "\xc3\xa4";
  alert.record = R"({"operation":")" + wide + R"(","user":")" + wide + "\"}";
  for (const bool cef : {false, true}) {
    const std::string text = SyslogMessage(alert, {16, cef, wide});
    EXPECT_LE(text.size(), kMaxSyslogBytes);
    EXPECT_NE(static_cast<unsigned char>(text.back()), 0xc3);
  }
}

TEST(AlertMessage, ARecordThatIsNoneIsNoMatter) {
  Alert alert = Sample();
  for (const char* record : {"", "null", "[1]", R"({"src":5,"dst":[],"operation":{}})"}) {
    alert.record = record;
    EXPECT_EQ(AlertSummary(alert), "outside: (sensor plc-1)");
    EXPECT_NE(nlohmann::json::parse(WebhookBody(alert, 5))["alert"]["id"], nullptr);
  }
}

TEST(AlertMessage, WebhookBodyHasTheAlertAndTheDelivery) {
  const auto json = nlohmann::json::parse(WebhookBody(Sample(), 99));
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["delivery"], 99);
  EXPECT_EQ(json["alert"]["note"], "call");
  EXPECT_EQ(json["alert"]["match"]["technique"], "T0855");
}

}  // namespace
}  // namespace tapiary::server
