#include "server/ingest/flow_record.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "capture/packet.h"

namespace tapiary::server {
namespace {

TEST(FlowRecord, LeavesOutWhatIsEmptyOrInAColumn) {
  capture::FlowRecord flow;
  flow.orig.packets = flow.delta_packets[0] = 3;
  flow.service = "modbus";
  flow.blocks = {{1, 2}};
  EXPECT_EQ(CompactRecord(flow),
            R"({"orig":{},"resp":{},"role_by":"first-seen","end_reason":"idle"})");
}

TEST(FlowRecord, KeepsThePathsThatFiltersRead) {
  capture::FlowRecord flow;
  flow.proto = 6;
  flow.tcp_state = capture::TcpState::kReset;
  flow.vlans = {7, 8};
  flow.orig.mac = {2, 0, 0, 0, 0, 1};
  flow.labels = {{"tls.sni", "a\xff\n"}};
  flow.anomalies = {{"tiny", 2}};
  flow.noise = "shodan";
  flow.duplicates = 4;
  const auto json = nlohmann::json::parse(CompactRecord(flow));
  EXPECT_EQ(json["tcp"]["state"], "reset");
  EXPECT_EQ(json["vlan"], nlohmann::json({7, 8}));
  EXPECT_EQ(json["orig"]["mac"], "02:00:00:00:00:01");
  EXPECT_EQ(json["labels"]["tls.sni"], "a\\xff\\x0a");
  EXPECT_EQ(json["anomalies"]["tiny"], 2);
  EXPECT_EQ(json["noise"], "shodan");
  EXPECT_EQ(json["duplicates"], 4);
}

TEST(FlowRecord, MappedIpv6AddressSaysSo) {
  capture::FlowRecord flow;
  flow.orig.ip = *capture::ParseIpAddress("::ffff:10.0.0.1");
  flow.resp.ip = *capture::ParseIpAddress("10.0.0.1");
  const auto json = nlohmann::json::parse(CompactRecord(flow));
  EXPECT_EQ(json["orig"].contains("ip"), flow.orig.ip.version == 6);
  EXPECT_FALSE(json["resp"].contains("ip"));
}

}  // namespace
}  // namespace tapiary::server
