#include "capture/flow/tracker.h"

#include <gtest/gtest.h>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using test::kMilli;
using test::kSecond;
using test::kStart;
using test::MeterRun;
using test::PacketBuilder;
using test::PacketList;
using test::RunMeter;
using test::TcpTalk;

PacketBuilder Udp(const char* src = "10.0.0.1", const char* dst = "10.0.0.2",
                  std::uint16_t sport = 5000, std::uint16_t dport = 6000) {
  return PacketBuilder().Eth().Ipv4(src, dst).Udp(sport, dport).Data("00");
}

TEST(FlowTracker, CountsBothDirectionsFromTheIpHeaderOn) {
  PacketList packets;
  packets.Add(Udp().Build(), kStart);
  packets.Add(PacketBuilder()
                  .Eth("02:00:00:00:00:02", "02:00:00:00:00:01")
                  .Ipv4("10.0.0.2", "10.0.0.1")
                  .Udp(6000, 5000)
                  .Data("00")
                  .Pad(60)
                  .Build(),
              kStart + kSecond);
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 1u);
  const FlowRecord& flow = run.records.flows[0];
  EXPECT_EQ(flow.orig.ip.ToString(), "10.0.0.1");
  EXPECT_EQ(flow.orig.port, 5000);
  EXPECT_EQ(FormatMac(flow.orig.mac), "02:00:00:00:00:01");
  EXPECT_EQ(FormatMac(flow.resp.mac), "02:00:00:00:00:02");
  EXPECT_EQ(flow.orig.packets, 1u);
  EXPECT_EQ(flow.resp.bytes, 29u);
  EXPECT_EQ(flow.resp.payload_bytes, 1u);
  EXPECT_EQ(flow.end_ns - flow.start_ns, kSecond);
  EXPECT_EQ(flow.interface, "if0");
}

TEST(FlowTracker, FL01_KnownServerPortThenFirstSender) {
  PacketList packets;
  packets.Add(Udp("10.0.0.2", "10.0.0.1", 53, 5000).Build(), kStart);
  packets.Add(Udp("10.0.0.9", "10.0.0.1", 5001, 5002).Build(), kStart);
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 2u);
  EXPECT_EQ(run.records.flows[0].orig.ip.ToString(), "10.0.0.1");
  EXPECT_EQ(run.records.flows[0].role_by, RoleBy::kPort);
  EXPECT_EQ(run.records.flows[0].service, "dns");
  EXPECT_EQ(run.records.flows[0].service_by, "port");
  EXPECT_EQ(run.records.flows[1].orig.ip.ToString(), "10.0.0.9");
  EXPECT_EQ(run.records.flows[1].role_by, RoleBy::kFirstSeen);
}

TEST(FlowTracker, FL02_PortReuseIsTwoFlows) {
  PacketList packets;
  TcpTalk talk(packets);
  talk.Handshake().Client("01").Close();
  talk.seq[0] = 90000;
  talk.Handshake().Client("02");
  talk.seq[0] = 50000;  // and once more, the second still open
  talk.Handshake();
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 3u);
  EXPECT_EQ(run.records.flows[0].end_reason, EndReason::kEnd);
  EXPECT_EQ(run.records.flows[0].orig.packets, 5u);
}

TEST(FlowTracker, FL07_TwoVlansAreTwoFlows) {
  PacketList packets;
  for (const int vlan : {10, 20}) {
    packets.Add(PacketBuilder()
                    .Eth()
                    .Vlan(static_cast<std::uint16_t>(vlan))
                    .Ipv4("10.0.0.1", "10.0.0.2")
                    .Udp(1, 2)
                    .Build(),
                kStart);
  }
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 2u);
  EXPECT_EQ(run.records.flows[0].vlans, std::vector<std::uint16_t>{10});
  EXPECT_EQ(run.records.flows[0].community_id, run.records.flows[1].community_id);
}

TEST(FlowTracker, FL08_SynStormKeepsTheLiveConnection) {
  constexpr std::size_t kCap = 2000;
  constexpr std::uint32_t kSyns = 20000;
  PacketList packets;
  TcpTalk talk(packets);
  talk.Handshake();
  for (std::uint32_t i = 0; i < kSyns; ++i) {
    const std::string source =
        "172.16." + std::to_string(i / 250 % 250) + "." + std::to_string(i % 250);
    packets.Add(
        PacketBuilder()
            .Eth()
            .Ipv4(source, "10.0.0.2")
            .Tcp(static_cast<std::uint16_t>(1000 + i / 62500), 502, {.seq = i, .flags = kTcpSyn})
            .Build(),
        talk.now());
    if (i % 1000 == 0)
      talk.Client(test::Adu(7, 1, "0300000001")).Server(test::Adu(7, 1, "03020005"));
  }
  talk.Wait(60 * kSecond).Client(test::Adu(8, 1, "0300000001"));  // the storm is over
  MeterOptions options;
  options.active_timeout_ns = 0;
  options.max_flows = kCap;
  const MeterRun run = RunMeter(packets, options);
  std::uint64_t sum = 0, evicted = 0;
  const FlowRecord* live = nullptr;
  for (const FlowRecord& flow : run.records.flows) {
    sum += flow.orig.packets + flow.resp.packets;
    evicted += flow.end_reason == EndReason::kEvicted ? 1 : 0;
    if (flow.service == "modbus") live = &flow;
  }
  EXPECT_EQ(sum, packets.packets().size());
  EXPECT_EQ(evicted, run.stats.evicted_flows);
  EXPECT_GT(evicted, kSyns - kCap - 100);
  ASSERT_NE(live, nullptr);
  EXPECT_EQ(live->orig.packets + live->resp.packets, 3u + 40u + 1u);
  EXPECT_EQ(live->transactions, 21u);
  // Half-open flows are gone 50 s after the last SYN.
  std::uint64_t idle = 0;
  for (const FlowRecord& flow : run.records.flows) idle += flow.end_reason == EndReason::kIdle;
  EXPECT_EQ(idle + evicted, run.records.flows.size());
}

TEST(FlowTracker, FL10_InterfacesAreApart) {
  PacketList packets;
  packets.Add(Udp().Build(), kStart, 0);
  packets.Add(Udp().Build(), kStart, 1);
  MeterOptions options;
  options.first_stream = 7;
  const MeterRun run = RunMeter(packets, options);
  ASSERT_EQ(run.records.flows.size(), 2u);
  EXPECT_EQ(run.records.flows[1].interface, "if1");
  EXPECT_EQ(run.records.flows[1].stream, 8u);
}

TEST(FlowTracker, LayerTwoFlowsCountWholeFrames) {
  PacketList packets;
  packets.Add(PacketBuilder().Eth().Vlan(0xc000).EtherType(0x8892).Data("fefd").Pad(60).Build(),
              kStart);
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 1u);
  EXPECT_EQ(run.records.flows[0].ether_type, 0x8892);
  EXPECT_EQ(run.records.flows[0].orig.bytes, 60u);
  EXPECT_TRUE(run.records.flows[0].community_id.empty());
}

TEST(FlowTracker, PacketsWithoutTimeCountAndSetNoTimes) {
  PacketList packets;
  packets.Add(Udp().Build(), kTimeUnknown);
  packets.Add(Udp().Build(), kStart);
  packets.Add(Udp().Build(), kTimeUnknown);
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 1u);
  EXPECT_EQ(run.records.flows[0].start_ns, kStart);
  EXPECT_EQ(run.records.flows[0].end_ns, kStart);
  EXPECT_EQ(run.records.flows[0].orig.packets, 3u);
}

}  // namespace
}  // namespace tapiary::capture
