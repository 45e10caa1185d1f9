#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

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

PacketBuilder Udp(std::uint16_t sport = 5000) {
  return PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2").Udp(sport, 6000).Data("00");
}

MeterRun RunUdpAt(const std::vector<double>& seconds,
                  MeterOptions options = {.active_timeout_ns = 0}) {
  PacketList packets;
  for (const double second : seconds) {
    packets.Add(Udp().Build(), kStart + static_cast<std::int64_t>(second * 1e3) * kMilli);
  }
  return RunMeter(packets, options);
}

// Who asks all is answered from addresses of their own: silence on its flow is no missing reply.
TEST(FlowEnd, OT02_ARequestToAllIsNoUnansweredOne) {
  struct Case {
    const char* ip;
    const char* mac;
    bool to_all;
  };
  for (const Case& one :
       {Case{"10.0.0.2", "02:00:00:00:00:02", false}, Case{"10.0.0.255", "ff:ff:ff:ff:ff:ff", true},
        Case{"255.255.255.255", "02:00:00:00:00:02", true},
        Case{"224.0.23.12", "01:00:5e:00:17:0c", true}}) {
    PacketList packets;
    packets.Add(PacketBuilder()
                    .Eth("02:00:00:00:00:01", one.mac)
                    .Ipv4("10.0.0.1", one.ip)
                    .Udp(40000, 502)
                    .Data(test::Adu(1, 1, "0600100003"))
                    .Build(),
                kStart);
    const MeterRun run = RunMeter(packets);
    ASSERT_EQ(run.records.transactions.size(), 1u);
    const Transaction& asked = run.records.transactions[0];
    EXPECT_EQ(asked.status,
              one.to_all ? TransactionStatus::kUnsolicited : TransactionStatus::kNoReply)
        << one.ip;
    EXPECT_EQ(std::count(asked.detail.begin(), asked.detail.end(),
                         std::pair(std::string("broadcast"), std::string("1"))),
              one.to_all ? 1 : 0);
    EXPECT_TRUE(asked.command);
  }
}

TEST(FlowEnd, OT14_AMulticastIdentifyIsNoUnansweredOne) {
  PacketList packets;
  for (const char* const mac : {"01:0e:cf:00:00:00", "02:00:00:00:00:02"}) {
    packets.Add(PacketBuilder()
                    .Eth("02:00:00:00:00:01", mac)
                    .EtherType(0x8892)
                    .Data("fefe 05 00 01000001 0001 0004 ffff 0000")
                    .Pad(60)
                    .Build(),
                kStart);
  }
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.transactions.size(), 2u);
  for (const Transaction& one : run.records.transactions) {
    const bool to_all = (one.resp_mac[0] & 1) != 0;
    EXPECT_EQ(one.status, to_all ? TransactionStatus::kUnsolicited : TransactionStatus::kNoReply);
  }
}

TEST(FlowEnd, FL03_TailAfterCloseBelongsToTheFlow) {
  PacketList packets;
  TcpTalk talk(packets);
  talk.Handshake().Close().Wait(2 * kSecond).Send(true, {}, 0x11).Wait(50 * kSecond);
  talk.Send(false, {}, 0x10);
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 1u);
  EXPECT_EQ(run.records.flows[0].end_reason, EndReason::kEnd);
  EXPECT_EQ(run.records.flows[0].role_by, RoleBy::kSyn);
  EXPECT_EQ(run.records.flows[0].tcp_state, TcpState::kClosed);
}

TEST(FlowEnd, FL03_TailIsOverAfterAMinute) {
  PacketList packets;
  TcpTalk talk(packets);
  talk.Handshake().Close().Wait(61 * kSecond).Send(true, {}, 0x10);
  EXPECT_EQ(RunMeter(packets).records.flows.size(), 2u);
}

TEST(FlowEnd, FL04_TimesOutOfOrder) {
  const MeterRun run = RunUdpAt({10, 12, 11, 12.5, 9.939, 13});
  ASSERT_EQ(run.records.flows.size(), 1u);
  const FlowRecord& flow = run.records.flows[0];
  EXPECT_EQ(flow.start_ns, kStart + 9939 * kMilli);
  EXPECT_EQ(flow.end_ns, kStart + 13 * kSecond);
}

TEST(FlowEnd, FL04_JumpBackClosesFlowsAndIsOnRecord) {
  const MeterRun run = RunUdpAt({10000, 10001, 10, 11});
  ASSERT_EQ(run.records.flows.size(), 2u);
  ASSERT_EQ(run.records.gaps.size(), 1u);
  EXPECT_EQ(run.records.gaps[0].reason, "clock-jump");
  EXPECT_EQ(run.records.gaps[0].from_ns, kStart + 10001 * kSecond);
  EXPECT_EQ(run.records.gaps[0].to_ns, kStart + 10 * kSecond);
  for (const FlowRecord& flow : run.records.flows) EXPECT_GE(flow.end_ns, flow.start_ns);
}

// One flow each second, and the clock set back by `step` seconds before packet 1000. Says how many
// records were out after each packet.
std::vector<std::size_t> ExportedAfter(int step, RecordBatch& records) {
  PacketList packets;
  for (int i = 0; i < 2000; ++i) {
    const std::int64_t seconds = i < 1000 ? i : i - step;
    packets.Add(Udp(static_cast<std::uint16_t>(10000 + i)).Build(), kStart + seconds * kSecond);
  }
  Meter meter({.active_timeout_ns = 0});
  const std::vector<InterfaceInfo> interfaces = test::EthernetInterfaces(1);
  std::array<FlowHandle, kBatchSize> handles;
  std::vector<std::size_t> exported;
  for (const Packet& packet : packets.packets()) {
    PacketBatch batch;
    batch.packets[0] = packet;
    batch.count = 1;
    meter.Process(batch, interfaces, handles);
    meter.Advance(packet.time_ns + 1);
    meter.Drain(records);
    exported.push_back(records.flows.size());
  }
  meter.Finish(EndReason::kShutdown);
  meter.Drain(records);
  return exported;
}

TEST(FlowEnd, FL04_ClockSetBackByLessThanAnHourStopsNoExpiry) {
  RecordBatch unbroken;
  const std::vector<std::size_t> expected = ExportedAfter(0, unbroken);
  EXPECT_TRUE(unbroken.gaps.empty());
  for (const int step : {30, 100, 600, 3000, 3599}) {
    RecordBatch records;
    const std::vector<std::size_t> exported = ExportedAfter(step, records);
    for (std::size_t i = 1015; i < exported.size(); ++i) {
      ASSERT_NEAR(static_cast<double>(exported[i]), static_cast<double>(expected[i]), 20)
          << step << " " << i;
    }
    EXPECT_NEAR(static_cast<double>(exported.back()), static_cast<double>(expected.back()), 2);
    EXPECT_EQ(records.flows.size(), 2000u);
    for (const FlowRecord& flow : records.flows) EXPECT_EQ(flow.end_ns, flow.start_ns);
    ASSERT_EQ(records.gaps.size(), 1u) << step;
    EXPECT_EQ(records.gaps[0].reason, "clock-jump");
    EXPECT_EQ(records.gaps[0].from_ns, kStart + 999 * kSecond + 1);
    EXPECT_EQ(records.gaps[0].to_ns, kStart + (1000 - step) * kSecond);
  }
}

TEST(FlowEnd, FL04_AFlowGoesOnAcrossASmallStepBack) {
  std::vector<double> times;
  for (int i = 0; i < 200; ++i) times.push_back(1000 + i);
  for (int i = 0; i < 400; ++i) times.push_back(600 + i);  // idle from 999 on
  times.push_back(1298);
  times.push_back(1600);
  for (const std::size_t batch : {std::size_t{1}, kBatchSize}) {
    PacketList packets;
    for (const double second : times) {
      packets.Add(Udp().Build(), kStart + static_cast<std::int64_t>(second) * kSecond);
    }
    const MeterRun run = RunMeter(packets, {.active_timeout_ns = 0}, batch);
    ASSERT_EQ(run.records.flows.size(), 2u);
    EXPECT_EQ(run.records.flows[0].orig.packets, 601u);
    EXPECT_EQ(run.records.flows[0].start_ns, kStart + 600 * kSecond);
    EXPECT_EQ(run.records.flows[0].end_ns, kStart + 1298 * kSecond);
    EXPECT_EQ(run.records.gaps.size(), 1u);
  }
}

TEST(FlowEnd, FL04_RequestsOfTheOldClockHoldNoneOfTheNewOneBack) {
  PacketList packets;
  TcpTalk talk(packets);
  const auto ask = [&](std::uint16_t id) { talk.Client(test::Adu(id, 1, "0300000001")); };
  const auto answer = [&](std::uint16_t id) { talk.Server(test::Adu(id, 1, "03020000")); };
  talk.Handshake();
  ask(1);
  talk.Wait(-600 * kSecond).Send(true, {}, 0x10);  // so that none waits at the 16th packet
  for (std::uint16_t id = 2; id < 20; ++id) ask(id), answer(id);
  ask(20);
  talk.Wait(15 * kSecond);
  ask(21), answer(21);
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.transactions.size(), 21u);
  EXPECT_EQ(run.records.transactions.back().status, TransactionStatus::kOk);
  EXPECT_EQ(run.records.gaps.size(), 1u);
}

TEST(FlowEnd, FL04_AFewLatePacketsAreNoStep) {
  std::vector<double> times = {0, 1000, 1001};
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 15; ++i) times.push_back(900 + i);
    times.push_back(1002 + round);
  }
  EXPECT_TRUE(RunUdpAt(times).records.gaps.empty());
}

TEST(FlowEnd, FL04_TwentyYearsApart) {
  const auto start = std::chrono::steady_clock::now();
  const MeterRun run = RunUdpAt({0, 20 * 365 * 86400.0});
  EXPECT_EQ(run.records.flows.size(), 2u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST(FlowEnd, IdleFlowsEnd) {
  const MeterRun run = RunUdpAt({0, 299, 600});
  ASSERT_EQ(run.records.flows.size(), 2u);
  EXPECT_EQ(run.records.flows[0].end_reason, EndReason::kIdle);
  EXPECT_EQ(run.records.flows[0].orig.packets, 2u);
}

TEST(FlowEnd, FL09_PartsOfALongConnection) {
  std::vector<double> times;
  for (int i = 0; i <= 30; ++i) times.push_back(i);
  MeterOptions options;
  options.active_timeout_ns = 10 * kSecond;
  const MeterRun run = RunUdpAt(times, options);
  ASSERT_EQ(run.records.flows.size(), 4u);
  std::uint64_t deltas = 0;
  for (std::uint32_t part = 0; part < 4; ++part) {
    const FlowRecord& flow = run.records.flows[part];
    EXPECT_EQ(flow.part, part);
    EXPECT_EQ(flow.id, run.records.flows[0].id);
    EXPECT_EQ(flow.last, part == 3);
    EXPECT_EQ(flow.end_reason, part == 3 ? EndReason::kIdle : EndReason::kActive);
    EXPECT_GT(flow.delta_packets[0], 0u);
    deltas += flow.delta_packets[0];
    EXPECT_EQ(deltas, flow.orig.packets);
  }
  EXPECT_EQ(deltas, 31u);
}

TEST(FlowEnd, LiveMeterExpiresOnAdvanceAlone) {
  PacketList packets;
  packets.Add(Udp().Build(), kStart);
  Meter meter({.active_timeout_ns = 0});
  PacketBatch batch;
  batch.packets[0] = packets.packets()[0];
  batch.count = 1;
  const std::vector<InterfaceInfo> interfaces = test::EthernetInterfaces(1);
  std::array<FlowHandle, kBatchSize> handles;
  meter.Process(batch, interfaces, handles);
  meter.NoteBlock(handles[0], 3);
  RecordBatch records;
  meter.Advance(kStart + 299 * kSecond);
  meter.Drain(records);
  EXPECT_TRUE(records.flows.empty());
  meter.Advance(kStart + 302 * kSecond);
  meter.Drain(records);
  ASSERT_EQ(records.flows.size(), 1u);
  EXPECT_EQ(records.flows[0].end_reason, EndReason::kIdle);
  EXPECT_EQ(records.flows[0].blocks, (std::vector<BlockRun>{{3, 1}}));
  EXPECT_EQ(meter.stats().active_flows, 0u);
}

TEST(FlowEnd, BlocksOfAFlowThatEndedWithinTheBatchAreKept) {
  PacketList packets;
  TcpTalk talk(packets);
  talk.Handshake().Close();
  talk.seq[0] = 70000;
  talk.Send(true, {}, 0x02);
  Meter meter({.active_timeout_ns = 0});
  PacketBatch batch;
  for (const Packet& packet : packets.packets()) batch.packets[batch.count++] = packet;
  const std::vector<InterfaceInfo> interfaces = test::EthernetInterfaces(1);
  std::array<FlowHandle, kBatchSize> handles;
  meter.Process(batch, interfaces, handles);
  for (std::uint32_t i = 0; i < batch.count; ++i) meter.NoteBlock(handles[i], i < 6 ? 1 : 2);
  meter.Finish(EndReason::kShutdown);
  RecordBatch records;
  meter.Drain(records);
  ASSERT_EQ(records.flows.size(), 2u);
  EXPECT_EQ(records.flows[0].blocks, (std::vector<BlockRun>{{1, 1}}));
  EXPECT_EQ(records.flows[1].blocks, (std::vector<BlockRun>{{2, 1}}));
  EXPECT_EQ(records.flows[1].end_reason, EndReason::kShutdown);
}

TEST(FlowTracker, MissedShareOfAnInterfaceIsCountedOnce) {
  PacketList packets;
  TcpTalk talk(packets);
  const std::vector<std::uint8_t> data(100);
  talk.Handshake();
  for (int i = 0; i < 8; ++i) {
    talk.Send(true, data, 0x18).Wait(30 * kSecond);
    if (i == 3) talk.Lose(true, 200);
  }
  // Several parts: each adds only what is new.
  const MeterRun run = RunMeter(packets, {.active_timeout_ns = 60 * kSecond});
  EXPECT_GT(run.records.flows.size(), 2u);
  ASSERT_EQ(run.stats.mirrors.size(), 1u);
  EXPECT_EQ(run.stats.mirrors[0].tcp_bytes, 800u);
  EXPECT_EQ(run.stats.mirrors[0].missed_bytes, 200u);
  EXPECT_EQ(run.stats.mirrors[0].copies, 0u);
}

}  // namespace
}  // namespace tapiary::capture
