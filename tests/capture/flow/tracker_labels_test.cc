// Noise through the meter. Labels through the meter: ndpi_test.cc.
#include <gtest/gtest.h>

#include "capture/label/noise.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using test::kMilli;
using test::kSecond;
using test::kStart;
using test::PacketBuilder;
using test::PacketList;

std::shared_ptr<const NoiseFilter> Filter(std::string_view rule, std::string_view list) {
  auto filter = std::make_shared<NoiseFilter>();
  filter->Add(*ParseNoiseRule(rule), *ParseNoiseList(list, "test", 100));
  return filter;
}

std::vector<std::uint8_t> Datagram(std::string_view from, std::string_view to,
                                   std::uint16_t to_port = 502) {
  return PacketBuilder().Eth().Ipv4(from, to).Udp(50000, to_port).Data("0102").Build();
}

TEST(TrackerNoise, FlowsCarryTheNameOfTheirList) {
  PacketList packets;
  packets.Add(Datagram("192.0.2.1", "10.0.0.1"), kStart);
  packets.Add(Datagram("10.0.0.7", "10.0.0.1"), kStart + kMilli);
  packets.Add(PacketBuilder().Eth().Ipv6("2001:db8::1", "2001:db8::2").Udp(1, 2).Data("00").Build(),
              kStart + 2 * kMilli);
  packets.Add(PacketBuilder().Eth().EtherType(0x88b8).Data("0102").Build(), kStart + 3 * kMilli);
  MeterOptions options{.active_timeout_ns = 0};
  options.noise = Filter("x=list", "192.0.2.0/24,shodan\n2001:db8::/32\n0.0.0.0/32\n");
  const auto run = test::RunMeter(packets, options);
  ASSERT_EQ(run.records.flows.size(), 4u);
  EXPECT_EQ(run.records.flows[0].noise, "shodan");
  EXPECT_EQ(run.records.flows[1].noise, "");
  EXPECT_EQ(run.records.flows[2].noise, "list");
  EXPECT_EQ(run.records.flows[3].noise, "");
  for (const FlowRecord& flow : run.records.flows) EXPECT_EQ(flow.orig.packets, 1u);
}

TEST(TrackerNoise, ExpiryIsByPacketTime) {
  MeterOptions options{.active_timeout_ns = 0};
  options.noise = Filter("x=list", "192.0.2.1,a,2023-11-15T00:00:00Z\n");  // kStart: 14 November
  for (const auto& [after, want] : {std::pair{std::int64_t{0}, "a"}, {86400 * kSecond, ""}}) {
    PacketList packets;
    packets.Add(Datagram("192.0.2.1", "10.0.0.1"), kStart + after);
    EXPECT_EQ(test::RunMeter(packets, options).records.flows.at(0).noise, want);
  }
}

TEST(TrackerNoise, PacketsAreMarkedFromTheFirstOn) {
  PacketList packets;
  for (int i = 0; i < 3; ++i) {
    packets.Add(Datagram("192.0.2.1", "10.0.0.1"), kStart + i * kMilli);
    packets.Add(Datagram("192.0.2.1", "10.0.0.1", 503), kStart + i * kMilli);
    packets.Add(Datagram("10.0.0.1", "192.0.2.1", 50000), kStart + i * kMilli);
  }
  MeterOptions options{.active_timeout_ns = 0};
  options.noise = Filter("x=list,store=no,port=502", "192.0.2.1\n");
  Meter meter(options);
  const auto interfaces = test::EthernetInterfaces(1);
  PacketBatch batch;
  for (const Packet& packet : packets.packets()) batch.packets[batch.count++] = packet;
  std::array<FlowHandle, kBatchSize> handles;
  meter.Process(batch, interfaces, handles);
  for (std::uint32_t i = 0; i < batch.count; ++i) EXPECT_EQ(handles[i].store, i % 3 != 0) << i;
  meter.Finish(EndReason::kIdle);
  RecordBatch records;
  meter.Drain(records);
  ASSERT_EQ(records.flows.size(), 3u);
  EXPECT_EQ(records.flows[0].noise, "list");
  EXPECT_EQ(records.flows[0].orig.packets, 3u);  // metered all the same
  EXPECT_EQ(records.flows[1].noise, "");
}

}  // namespace
}  // namespace tapiary::capture
