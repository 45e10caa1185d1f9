#include "capture/flow/other_tag.h"

#include <gtest/gtest.h>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using test::kSecond;
using test::kStart;
using test::MeterRun;
using test::PacketBuilder;
using test::PacketList;
using test::RunMeter;

struct Step {
  bool client;
  int vlan;  // -1: no tag
  std::uint8_t flags;
  std::uint32_t seq, ack;
};
constexpr std::uint8_t kSyn = 2, kSynAck = 0x12, kData = 0x18, kFinAck = 0x11;

MeterRun RunTcp(const std::vector<Step>& steps) {
  PacketList packets;
  std::int64_t time = kStart;
  for (const Step& step : steps) {
    PacketBuilder builder;
    builder.Eth();
    if (step.vlan >= 0) builder.Vlan(static_cast<std::uint16_t>(step.vlan));
    const test::TcpOptions options{.seq = step.seq, .ack = step.ack, .flags = step.flags};
    step.client ? builder.Ipv4("10.0.0.1", "10.0.0.2").Tcp(40000, 9999, options)
                : builder.Ipv4("10.0.0.2", "10.0.0.1").Tcp(9999, 40000, options);
    if (step.flags == kData) builder.Data("00112233");
    packets.Add(builder.Build(), time += 1'000'000);
  }
  return RunMeter(packets);
}

std::vector<Step> Connection(int client_vlan, int server_vlan) {
  return {{true, client_vlan, kSyn, 100, 0},      {false, server_vlan, kSynAck, 900, 101},
          {true, client_vlan, kData, 101, 901},   {false, server_vlan, kData, 901, 105},
          {true, client_vlan, kFinAck, 105, 905}, {false, server_vlan, kFinAck, 905, 106}};
}

TEST(OtherTag, FL07_TagInOneDirectionIsOneFlow) {
  for (const auto& [client, server] : {std::pair(-1, 10), {10, -1}, {10, 20}, {0, -1}}) {
    const MeterRun run = RunTcp(Connection(client, server));
    ASSERT_EQ(run.records.flows.size(), 1u) << client << " " << server;
    const FlowRecord& flow = run.records.flows[0];
    EXPECT_EQ(flow.orig.packets, 3u);
    EXPECT_EQ(flow.resp.packets, 3u);
    EXPECT_EQ(flow.tcp_state, TcpState::kClosed);
    ASSERT_EQ(flow.anomalies.size(), 1u);
    EXPECT_EQ(flow.anomalies[0].first, "asymmetric-vlan");
  }
}

TEST(OtherTag, FL07_ClonedCellsStayApart) {
  // Same addresses and ports in two VLANs, of each only one direction mirrored.
  const MeterRun run = RunTcp({{true, 10, kSyn, 100, 0},
                               {false, 20, kSynAck, 900, 0x70000001},
                               {true, 10, kData, 101, 901},
                               {false, 20, kData, 901, 0x70000005}});
  EXPECT_EQ(run.records.flows.size(), 2u);
}

TEST(OtherTag, FL07_BothDirectionsInTwoVlansAreTwoFlows) {
  std::vector<Step> steps;
  const std::vector<Step> one = Connection(10, 10), two = Connection(20, 20);
  for (std::size_t i = 0; i < one.size(); ++i) {
    steps.push_back(one[i]);
    steps.push_back(two[i]);
  }
  EXPECT_EQ(RunTcp(steps).records.flows.size(), 2u);
}

MeterRun RunUdp(int client_vlan, int server_vlan, std::int64_t pause_ns) {
  PacketList packets;
  for (const bool client : {true, false}) {
    PacketBuilder builder;
    builder.Eth();
    const int vlan = client ? client_vlan : server_vlan;
    if (vlan >= 0) builder.Vlan(static_cast<std::uint16_t>(vlan));
    client ? builder.Ipv4("10.0.0.1", "10.0.0.2").Udp(40000, 9999)
           : builder.Ipv4("10.0.0.2", "10.0.0.1").Udp(9999, 40000);
    packets.Add(builder.Data("0011").Build(), client ? kStart : kStart + pause_ns);
  }
  return RunMeter(packets);
}

TEST(OtherTag, FL07_DatagramsAnswerAcrossOneTagSoon) {
  EXPECT_EQ(RunUdp(-1, 10, 1000).records.flows.size(), 1u);
  EXPECT_EQ(RunUdp(10, -1, 1000).records.flows.size(), 1u);
  EXPECT_EQ(RunUdp(10, 20, 1000).records.flows.size(), 2u);  // nothing proves it
  EXPECT_EQ(RunUdp(-1, 10, 6 * kSecond).records.flows.size(), 2u);
}

FlowKey Key(std::initializer_list<std::uint16_t> vlans) {
  FlowKey key;
  for (const std::uint16_t vlan : vlans) key.vlans[key.vlan_count++] = vlan;
  return key;
}

TEST(OtherTag, TagsAreTakenOffFromTheOutside) {
  EXPECT_TRUE(OneTagsMore(Key({}), Key({5})));
  EXPECT_TRUE(OneTagsMore(Key({7, 5}), Key({5})));
  EXPECT_FALSE(OneTagsMore(Key({5, 7}), Key({5})));
  EXPECT_FALSE(OneTagsMore(Key({5}), Key({5})));
  EXPECT_TRUE(SameEnds(Key({5}), Key({6})));
}

TEST(OtherTag, TheEndsHashIsThatOfTheUntaggedKey) {
  FlowKey plain;
  plain.kind = KeyKind::kIpPorts;
  plain.proto = 6;
  plain.low_port = 502;
  FlowKey tagged = plain;
  tagged.vlan_count = 1;
  tagged.vlans[0] = 10;
  const std::uint64_t hash = HashKey(plain, 7);
  EXPECT_NE(HashKey(tagged, 7), hash);
  EXPECT_EQ(OtherTagIndex::HashEnds(plain, hash, 7), hash);
  EXPECT_EQ(OtherTagIndex::HashEnds(tagged, HashKey(tagged, 7), 7), hash);
}

TEST(OtherTag, AdoptedKeysAreBounded) {
  OtherTagIndex index;
  for (std::uint64_t i = 0; i < OtherTagIndex::kMaxAdopted; ++i) {
    ASSERT_TRUE(index.Adopt(i, {1, i}));
  }
  EXPECT_FALSE(index.Adopt(1ull << 40, {1, 1}));
  EXPECT_EQ(index.Adopted(5).number, 5u);
  index.Forget(5);
  EXPECT_EQ(index.Adopted(5).index, UINT32_MAX);
  EXPECT_TRUE(index.Adopt(1ull << 40, {1, 1}));
}

}  // namespace
}  // namespace tapiary::capture
