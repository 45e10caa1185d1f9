#include <gtest/gtest.h>

#include "capture/record_json.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using test::kSecond;
using test::kStart;
using test::MeterRun;
using test::PacketBuilder;
using test::PacketList;
using test::RunMeter;

// A UDP datagram of 8 + 40 bytes in three fragments.
std::vector<std::uint8_t> Fragment(int number) {
  PacketBuilder builder;
  builder.Eth();
  if (number == 0) {
    return builder.Ipv4("10.0.0.1", "10.0.0.2", {.id = 9, .more_fragments = true})
        .Udp(5000, 6000)
        .Data(std::vector<std::uint8_t>(8))
        .Build();
  }
  // Payload bytes that would be ports if someone took them for a header.
  return builder
      .Ipv4("10.0.0.1", "10.0.0.2",
            {.proto = 17,
             .id = 9,
             .fragment_offset = static_cast<std::uint16_t>(16 * number),
             .more_fragments = number == 1})
      .Data("01f601f6000000000000000000000000")
      .Build();
}

MeterRun RunFragments(const std::vector<int>& order, std::size_t batch = kBatchSize) {
  PacketList packets;
  std::int64_t time = kStart;
  for (const int number : order) packets.Add(Fragment(number), time += 1000);
  return RunMeter(packets, {.active_timeout_ns = 0}, batch);
}

TEST(Fragments, FL05_AnyOrderIsOneFlow) {
  for (const std::vector<int>& order :
       {std::vector<int>{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}}) {
    for (const std::size_t batch : {1u, 64u}) {
      const MeterRun run = RunFragments(order, batch);
      ASSERT_EQ(run.records.flows.size(), 1u);
      const FlowRecord& flow = run.records.flows[0];
      EXPECT_EQ(flow.orig.packets, 3u);
      EXPECT_EQ(flow.orig.payload_bytes, 8u + 16u + 16u);
      EXPECT_EQ(flow.orig.bytes, 3u * 20 + 16 + 16 + 16);
      EXPECT_EQ(flow.resp.port, 6000);
      EXPECT_EQ(flow.start_ns, kStart + 1000);
      EXPECT_EQ(flow.end_ns, kStart + 3000);
    }
  }
}

TEST(Fragments, FL05_WithoutTheFirstTheyAreAnOrphanFlow) {
  const MeterRun run = RunFragments({1, 2});
  ASSERT_EQ(run.records.flows.size(), 1u);
  const FlowRecord& flow = run.records.flows[0];
  EXPECT_EQ(flow.orig.packets, 2u);
  EXPECT_EQ(flow.proto, 17);
  EXPECT_TRUE(flow.community_id.empty());
  EXPECT_FALSE(HasPorts(flow));
  ASSERT_EQ(flow.anomalies.size(), 1u);
  EXPECT_EQ(flow.anomalies[0].first, "fragment");
}

TEST(Fragments, BlocksOfEarlyFragmentsGoWithTheFlow) {
  PacketList packets;
  packets.Add(Fragment(2), kStart);
  packets.Add(Fragment(0), kStart + 1);
  Meter meter({.active_timeout_ns = 0});
  const std::vector<InterfaceInfo> interfaces = test::EthernetInterfaces(1);
  std::array<FlowHandle, kBatchSize> handles;
  std::uint64_t block = 4;
  for (const Packet& packet : packets.packets()) {
    PacketBatch batch;
    batch.packets[0] = packet;
    batch.count = 1;
    meter.Process(batch, interfaces, handles);
    meter.NoteBlock(handles[0], block++);
  }
  meter.Finish(EndReason::kIdle);
  RecordBatch records;
  meter.Drain(records);
  ASSERT_EQ(records.flows.size(), 1u);
  std::uint64_t blocks = 0;
  for (const BlockRun& run : records.flows[0].blocks) blocks += run.count;
  EXPECT_EQ(blocks, 2u);
}

TEST(Fragments, IPv6AnyOrderIsOneFlow) {
  PacketList packets;
  packets.Add(PacketBuilder()
                  .Eth()
                  .Ipv6("2001:db8::1", "2001:db8::2")
                  .Ipv6Fragment(77, 16, false, 60)
                  .Data("0102030405060708")
                  .Build(),
              kStart);
  packets.Add(PacketBuilder()
                  .Eth()
                  .Ipv6("2001:db8::1", "2001:db8::2")
                  .Ipv6Fragment(77, 0, true, 17)
                  .Udp(7, 8)
                  .Data("0102030405060708")
                  .Build(),
              kStart);
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 1u);
  EXPECT_EQ(run.records.flows[0].orig.packets, 2u);
  EXPECT_EQ(run.records.flows[0].resp.port, 8);
}

}  // namespace
}  // namespace tapiary::capture
