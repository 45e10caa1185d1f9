#include "capture/record_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tapiary::capture {
namespace {

using Json = nlohmann::json;

FlowRecord TcpFlow() {
  FlowRecord flow;
  flow.id = {1, 2};
  flow.interface = "eth\n0";
  flow.start_ns = 1'000'000'000;
  flow.end_ns = 2'500'000'000;
  flow.proto = 6;
  flow.vlans = {300, 301};
  flow.orig.ip = *ParseIpAddress("10.0.0.1");
  flow.resp.ip = *ParseIpAddress("10.0.0.2");
  flow.orig.port = 40000;
  flow.resp.port = 502;
  flow.resp.tcp_flags = 0x12;
  flow.resp.missed_bytes = 7;
  flow.community_id = "1:x";
  flow.anomalies = {{"modbus-gap", 3}};
  flow.duplicates = 4;
  flow.counters = {{"iec104.s_frames", 5}};
  flow.labels = {{"http.host", "a\n\xff"}, {"tls.sni", "x"}};
  flow.noise = "scan \"ners\"";
  flow.blocks = {{5, 2}};
  return flow;
}

TEST(RecordJson, FlowHasTheContractsNames) {
  const Json json = Json::parse(ToJson(TcpFlow(), "plant-a"));
  EXPECT_EQ(json["id"], "1.2");
  EXPECT_EQ(json["sensor"], "plant-a");
  EXPECT_EQ(json["interface"], "eth\\x0a0");
  EXPECT_EQ(json["start"], "1970-01-01T00:00:01.000000000Z");
  EXPECT_EQ(json["duration"], 1.5);
  EXPECT_EQ(json["proto"], "tcp");
  EXPECT_EQ(json["vlan"], Json::parse("[300,301]"));
  EXPECT_EQ(json["orig"]["ip"], "10.0.0.1");
  EXPECT_EQ(json["orig"]["port"], 40000);
  EXPECT_TRUE(json["orig"]["mac"].is_null());
  EXPECT_EQ(json["tcp"]["flags"]["resp"], 0x12);
  EXPECT_EQ(json["tcp"]["missed_bytes"]["resp"], 7);
  EXPECT_TRUE(json["service"].is_null());
  EXPECT_EQ(json["anomalies"]["modbus-gap"], 3);
  EXPECT_EQ(json["duplicates"], 4);
  EXPECT_EQ(json["counters"], Json::parse(R"({"iec104.s_frames":5})"));
  EXPECT_EQ(json["labels"]["http.host"], "a\\x0a\\xff");
  EXPECT_EQ(json["labels"]["tls.sni"], "x");
  EXPECT_EQ(json["noise"], "scan \"ners\"");
  EXPECT_EQ(json["blocks"], Json::parse("[[5,2]]"));
  for (const char* const name :
       {"end", "tunnel", "resp", "community_id", "service_by", "role_by", "end_reason", "part",
        "truncated", "bad_checksums", "transactions", "commands"}) {
    EXPECT_TRUE(json.contains(name)) << name;
  }
}

TEST(RecordJson, WhatIsNotKnownIsNull) {
  FlowRecord flow = TcpFlow();
  flow.community_id.clear();  // fragments without their first one
  flow.noise.clear();
  flow.start_ns = flow.end_ns = kTimeUnknown;
  const Json json = Json::parse(ToJson(flow, {}));
  for (const char* const name : {"sensor", "start", "end", "duration", "community_id"}) {
    EXPECT_TRUE(json[name].is_null()) << name;
  }
  EXPECT_TRUE(json["resp"]["port"].is_null());
}

TEST(RecordJson, LayerTwoFlow) {
  FlowRecord flow;
  flow.ether_type = 0x8892;
  flow.orig.mac = {2, 0, 0, 0, 0, 1};
  const Json json = Json::parse(ToJson(flow, {}));
  EXPECT_EQ(json["proto"], "eth:0x8892");
  EXPECT_EQ(json["orig"]["mac"], "02:00:00:00:00:01");
  EXPECT_TRUE(json["orig"]["ip"].is_null());
  EXPECT_TRUE(json["tcp"].is_null());
  flow.ether_type = 0;
  EXPECT_EQ(ProtoName(flow), "eth:llc");
}

// Written without the general functions: the texts must be theirs.
TEST(RecordJson, AddressesAndIdsReadAsElsewhere) {
  FlowRecord flow = TcpFlow();
  flow.id = {UINT64_MAX, UINT64_MAX - 5};
  flow.orig.mac = {0, 0x1f, 0xf1, 0xab, 0x09, 0xff};
  for (const char* const text : {"0.0.0.0", "255.255.255.255", "9.10.99.100", "::", "2001:db8::1",
                                 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    flow.orig.ip = *ParseIpAddress(text);
    const Json json = Json::parse(ToJson(flow, {}));
    EXPECT_EQ(json["orig"]["ip"], flow.orig.ip.ToString());
    EXPECT_EQ(json["orig"]["mac"], FormatMac(flow.orig.mac));
    EXPECT_EQ(json["id"], flow.id.ToString());
  }
}

TEST(RecordJson, AppendsBehindWhatIsThere) {
  std::string out = "x";
  AppendJson(TcpFlow(), "s", out);
  AppendJson(Transaction{}, "s", out);
  EXPECT_EQ(out, "x" + ToJson(TcpFlow(), "s") + ToJson(Transaction{}, "s"));
}

TEST(RecordJson, TransactionHasTheContractsNames) {
  Transaction transaction;
  transaction.flow_id = {1, 2};
  transaction.protocol = "modbus";
  transaction.operation = "write_single_register";
  transaction.code = 6;
  transaction.unit = 1;
  transaction.values = {-1, 70000};
  transaction.latency_ns = 1500;
  transaction.command = true;
  transaction.detail = {{"vendor_name", "<script>\xff\""}};
  transaction.anomalies = {"modbus-value"};
  const Json json = Json::parse(ToJson(transaction, {}));
  EXPECT_EQ(json["flow_id"], "1.2");
  EXPECT_EQ(json["unit"], 1);
  EXPECT_TRUE(json["address"].is_null());
  EXPECT_EQ(json["values"], Json::parse("[-1,70000]"));
  EXPECT_EQ(json["latency"], 1.5e-6);
  EXPECT_EQ(json["command"], true);
  EXPECT_EQ(json["status"], "ok");
  EXPECT_TRUE(json["exception"].is_null());
  EXPECT_TRUE(json["attack_technique"].is_null());
  EXPECT_EQ(json["detail"]["vendor_name"], "<script>\\xff\"");
  EXPECT_EQ(json["anomalies"][0], "modbus-value");
}

TEST(RecordJson, LedgerAndGap) {
  LedgerRow row;
  row.mirror = {900, 100, 7};
  row.interface = "eth0";
  row.offered = 10;
  row.recorded = 7;
  row.lost = {{"kernel-ring", 3}};
  const Json ledger = Json::parse(ToJson(row, "s"));
  EXPECT_EQ(ledger["offered"], 10);
  EXPECT_EQ(ledger["mirror"]["missed_bytes"], 100);
  EXPECT_EQ(ledger["mirror"]["copies"], 7);
  EXPECT_EQ(ledger["lost"]["kernel-ring"], 3);
  GapRecord gap;
  gap.kind = "packets";
  gap.reason = "spool-full";
  EXPECT_EQ(Json::parse(ToJson(gap, {}))["reason"], "spool-full");
}

}  // namespace
}  // namespace tapiary::capture
