#include "server/api/selectors.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::server {
namespace {

using capture::test::PacketBuilder;

FlowPick Pick() {
  FlowPick flow;
  flow.sensor_id = 1;
  flow.epoch = 7;
  flow.start_ns = 1000;
  flow.end_ns = 2000;
  flow.proto = 6;
  flow.orig_ip = *capture::ParseIpAddress("10.0.0.5");
  flow.resp_ip = *capture::ParseIpAddress("10.0.0.1");
  flow.orig_port = 40000;
  flow.resp_port = 502;
  flow.has_ports = true;
  flow.blocks = {{3, 2}, {9, 1}};
  return flow;
}

class SelectorsTest : public testing::Test {
 protected:
  bool Wants(PacketSelector& selector, const std::vector<std::uint8_t>& bytes,
             std::int64_t time_ns = 1500) {
    capture::Packet packet;
    packet.bytes = bytes;
    packet.time_ns = time_ns;
    packet.wire_length = static_cast<std::uint32_t>(bytes.size());
    capture::Decoded decoded;
    capture::Decode(packet, capture::LinkType::kEthernet, decoded);
    return selector.WantsPacket(segment_, packet, decoded);
  }
  static std::vector<std::uint8_t> Tcp(const char* src, std::uint16_t src_port, const char* dst,
                                       std::uint16_t dst_port) {
    return PacketBuilder().Eth().Ipv4(src, dst).Tcp(src_port, dst_port).Data("01").Build();
  }
  StoredSegment segment_{.sensor_id = 1, .sensor = "plant-a", .epoch = 7};
};

TEST_F(SelectorsTest, FlowInBothDirectionsAndNothingElse) {
  FlowSelector selector;
  selector.Add(Pick());
  selector.Seal();
  EXPECT_TRUE(Wants(selector, Tcp("10.0.0.5", 40000, "10.0.0.1", 502)));
  EXPECT_TRUE(Wants(selector, Tcp("10.0.0.1", 502, "10.0.0.5", 40000)));
  EXPECT_FALSE(Wants(selector, Tcp("10.0.0.5", 40001, "10.0.0.1", 502)));
  EXPECT_FALSE(Wants(selector, Tcp("10.0.0.5", 502, "10.0.0.1", 40000)));
  EXPECT_FALSE(
      Wants(selector, PacketBuilder().Eth().Ipv4("10.0.0.5", "10.0.0.1").Udp(40000, 502).Build()));
  EXPECT_FALSE(
      Wants(selector,
            PacketBuilder().Eth().Vlan(7).Ipv4("10.0.0.5", "10.0.0.1").Tcp(40000, 502).Build()));
}

TEST_F(SelectorsTest, OnlyWithinTheFlowsTime) {
  FlowSelector selector;
  selector.Add(Pick());
  selector.Seal();
  const auto packet = Tcp("10.0.0.5", 40000, "10.0.0.1", 502);
  EXPECT_TRUE(Wants(selector, packet, 1000));
  EXPECT_TRUE(Wants(selector, packet, 2000));
  EXPECT_FALSE(Wants(selector, packet, 999));
  EXPECT_FALSE(Wants(selector, packet, 2001));
  EXPECT_EQ(selector.from_ns(), 1000);
  EXPECT_EQ(selector.to_ns(), 2000);
}

TEST_F(SelectorsTest, OnlyListedBlocksOfItsStream) {
  FlowSelector selector;
  selector.Add(Pick());
  FlowPick other = Pick();
  other.blocks = {{4, 3}};
  selector.Add(other);
  selector.Seal();
  const auto wants = [&](std::uint64_t block) { return selector.WantsBlock(segment_, block, {}); };
  EXPECT_FALSE(wants(2));
  for (std::uint64_t block = 3; block <= 6; ++block) EXPECT_TRUE(wants(block)) << block;
  EXPECT_FALSE(wants(7));
  EXPECT_TRUE(wants(9));
  EXPECT_FALSE(wants(10));
  segment_.first_block = 7;
  segment_.block_count = 2;
  EXPECT_FALSE(selector.WantsSegment(segment_));
  segment_.block_count = 3;
  EXPECT_TRUE(selector.WantsSegment(segment_));
  segment_.stream = 1;
  EXPECT_FALSE(selector.WantsSegment(segment_));
  EXPECT_FALSE(wants(3));
}

TEST_F(SelectorsTest, LaterFragmentsBetweenItsEnds) {
  FlowSelector selector;
  FlowPick flow = Pick();
  flow.proto = 17;
  selector.Add(flow);
  selector.Seal();
  const auto fragment = [](const char* src, const char* dst) {
    return PacketBuilder()
        .Eth()
        .Ipv4(src, dst, {.proto = 17, .fragment_offset = 1480})
        .Data("0102")
        .Build();
  };
  EXPECT_TRUE(Wants(selector, fragment("10.0.0.5", "10.0.0.1")));
  EXPECT_TRUE(Wants(selector, fragment("10.0.0.1", "10.0.0.5")));
  EXPECT_FALSE(Wants(selector, fragment("10.0.0.1", "10.0.0.6")));
}

TEST_F(SelectorsTest, LayerTwoAndOneWayFlows) {
  FlowSelector selector;
  FlowPick goose = Pick();
  goose.orig_ip = goose.resp_ip = {};
  goose.has_ports = false;
  goose.proto = 0;
  goose.ether_type = 0x88b8;
  goose.orig_mac = {2, 0, 0, 0, 0, 9};
  goose.resp_mac = {2, 0, 0, 0, 0, 1};
  selector.Add(goose);
  FlowPick icmp = Pick();
  icmp.proto = 1;
  icmp.orig_port = 3;
  icmp.resp_port = 1;
  selector.Add(icmp);
  selector.Seal();
  EXPECT_TRUE(Wants(selector, PacketBuilder()
                                  .Eth("02:00:00:00:00:01", "02:00:00:00:00:09")
                                  .EtherType(0x88b8)
                                  .Data("01")
                                  .Build()));
  EXPECT_FALSE(Wants(selector, PacketBuilder()
                                   .Eth("02:00:00:00:00:01", "02:00:00:00:00:08")
                                   .EtherType(0x88b8)
                                   .Data("01")
                                   .Build()));
  EXPECT_TRUE(Wants(
      selector,
      PacketBuilder().Eth().Ipv4("10.0.0.5", "10.0.0.1").Icmp(3, 1).Data("00000000").Build()));
}

TEST_F(SelectorsTest, FilterWithinItsTimes) {
  FilterSelector selector(*Filter::Parse("tcp.port == 502 && sensor == \"plant-a\""), 1000, 2000);
  const auto packet = Tcp("10.0.0.5", 40000, "10.0.0.1", 502);
  EXPECT_TRUE(Wants(selector, packet, 1000));
  EXPECT_FALSE(Wants(selector, packet, 999));
  EXPECT_FALSE(Wants(selector, Tcp("10.0.0.5", 40000, "10.0.0.1", 503)));
  EXPECT_TRUE(selector.WantsBlock(segment_, 0, {.packets = 1, .first_ns = 500, .last_ns = 1000}));
  EXPECT_FALSE(selector.WantsBlock(segment_, 0, {.packets = 1, .first_ns = 500, .last_ns = 999}));
}

TEST_F(SelectorsTest, SegmentsOfExcludedSensorsAreNotRead) {
  const auto wants = [this](const char* text) {  // of plant-a
    return FilterSelector(*Filter::Parse(text), 0, 1).WantsSegment(segment_);
  };
  EXPECT_TRUE(wants("tcp.port == 502"));
  EXPECT_TRUE(wants("sensor == \"plant-a\""));
  EXPECT_TRUE(wants("sensor == \"plant-b\" || tcp.port == 502"));
  EXPECT_TRUE(wants("!(sensor == \"plant-a\" && tcp.port == 502)"));
  EXPECT_TRUE(wants("sensor != \"plant-b\""));
  EXPECT_TRUE(wants("sensor contains \"b\""));  // not looked into
  EXPECT_FALSE(wants("sensor == \"plant-b\""));
  EXPECT_FALSE(wants("sensor == \"plant-b\" && tcp.port == 502"));
  EXPECT_FALSE(wants("!(sensor == \"plant-a\" || tcp.port == 502)"));
  EXPECT_FALSE(wants("sensor != \"plant-a\""));
  EXPECT_FALSE(wants("sensor in {\"plant-b\", \"plant-c\"}"));
}

}  // namespace
}  // namespace tapiary::server
