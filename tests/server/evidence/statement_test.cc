#include "server/evidence/statement.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "server/ingest/hour_rows.h"

namespace tapiary::server {
namespace {

HourAccount Account() {
  HourAccount account;
  account.hour_ns = *base::ParseTime("2026-11-25T10:00:00Z");
  InterfaceAccount one;
  one.interface = "eth0";
  one.offered = 900;
  one.recorded = 700;
  one.filtered = 150;
  one.lost = {{"kernel", 50}};
  one.tcp_bytes = 9000;
  one.missed_bytes = 1000;
  one.spans = {{account.hour_ns, account.hour_ns + base::kNanosPerHour}};
  account.interfaces = {one, one};
  account.interfaces[1].interface = "eth1";
  account.packets = 1300;
  account.removed_packets = 60;
  account.dropped = {{"spool-full", 40}};
  account.uploaded = 11;
  account.removed_uploaded = 7;
  return account;
}

TEST(Statement, SumsTheInterfacesAndEstimatesWhatWasNeverMirrored) {
  const auto json = nlohmann::json::parse(StatementJson("plant-\xff", Account(), 1));
  EXPECT_EQ(json["sensor"], "plant-\\xff");
  EXPECT_EQ(json["from"], "2026-11-25T10:00:00.000000000Z");
  EXPECT_EQ(json["to"], "2026-11-25T11:00:00.000000000Z");
  EXPECT_EQ(json["state"], "accounted");
  EXPECT_EQ(json["offered"], 1800);
  EXPECT_EQ(json["recorded"], 1400);
  EXPECT_EQ(json["filtered"], 300);
  EXPECT_EQ(json["lost"]["kernel"], 100);
  EXPECT_EQ(json["never_mirrored"]["packets_estimate"], 200);  // a tenth of 2000
  EXPECT_EQ(json["stored"]["packets"], 1300);
  EXPECT_EQ(json["removed_by_retention"]["packets"], 60);
  EXPECT_EQ(json["dropped_by_sensor"]["spool-full"], 40);
  EXPECT_EQ(json["uploads"], (nlohmann::json{{"packets", 11}, {"removed_by_retention", 7}}));
  EXPECT_EQ(json["interfaces"].size(), 2U);
}

TEST(Statement, SaysWhatIsNotKnown) {
  HourAccount account = Account();
  account.unknown = {{account.hour_ns, account.hour_ns + 5}};
  EXPECT_EQ(nlohmann::json::parse(StatementJson("a", account, 1))["state"], "partly-unknown");
  account.interfaces.clear();
  EXPECT_EQ(nlohmann::json::parse(StatementJson("a", account, 1))["state"], "unknown");
  EXPECT_EQ(ShortForm(account),
            "2026-11-25T10h: unknown, no account from the sensor, dropped 40 spool-full, "
            "stored 1300, removed 60, uploaded 11");
}

TEST(Statement, NothingIsEstimatedWithoutTcpOrWhenAllIsMissing) {
  HourAccount account = Account();
  for (InterfaceAccount& one : account.interfaces) one.tcp_bytes = one.missed_bytes = 0;
  const auto none = nlohmann::json::parse(StatementJson("a", account, 1))["never_mirrored"];
  EXPECT_TRUE(none["packets_estimate"].is_null());
  EXPECT_TRUE(none["share"].is_null());
  account.interfaces[0].missed_bytes = 5;
  const auto all = nlohmann::json::parse(StatementJson("a", account, 1))["never_mirrored"];
  EXPECT_TRUE(all["packets_estimate"].is_null());
  EXPECT_EQ(all["share"], 1.0);
}

TEST(Statement, InShort) {
  EXPECT_EQ(ShortForm(Account()),
            "2026-11-25T10h: offered 1800, recorded 1400, filtered 300, lost 100 kernel, about 200 "
            "never mirrored, dropped 40 spool-full, stored 1300, removed 60, uploaded 11");
}

}  // namespace
}  // namespace tapiary::server
