// Recognition, claims and giving up, seen through the meter.
#include "capture/ot/session.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using test::Adu;
using test::MeterRun;
using test::PacketList;
using test::RunMeter;
using test::TcpTalk;

std::uint64_t Anomaly(const FlowRecord& flow, std::string_view name) {
  for (const auto& [known, count] : flow.anomalies) {
    if (known == name) return count;
  }
  return 0;
}

constexpr const char* kRead = "030000 0002";
constexpr const char* kReply = "0304 00010002";

TEST(OtSession, OT06_OtherProtocolsOn502AreNoEvents) {
  const char* const kNoise[] = {
      "474554202f20485454502f312e310d0a0d0a",                    // HTTP
      "16030100c8010000c40303aabbccddeeff00112233445566778899",  // TLS hello
      "030000130ee000000000000100080003000000",                  // RDP
      "5353482d322e302d4f70656e5353480d0a",                      // SSH
      "0d0a0d0a",
      "00000000000000000000000000",
  };
  for (const char* const noise : kNoise) {
    PacketList packets;
    TcpTalk talk(packets);
    talk.Handshake().Client(noise).Server("2e2e2e2e2e2e2e2e2e2e").Client(noise).Close();
    const MeterRun run = RunMeter(packets);
    ASSERT_EQ(run.records.flows.size(), 1u);
    EXPECT_TRUE(run.records.transactions.empty()) << noise;
    EXPECT_TRUE(run.records.flows[0].service.empty()) << noise;
    EXPECT_EQ(Anomaly(run.records.flows[0], "not-modbus-on-502"), 1u) << noise;
  }
}

TEST(OtSession, OT06_ModbusOnAnotherPortIsRecognised) {
  PacketList packets;
  TcpTalk talk(packets, 40000, 1502);
  talk.Handshake();
  for (std::uint16_t i = 0; i < 3; ++i) talk.Client(Adu(i, 1, kRead)).Server(Adu(i, 1, kReply));
  const MeterRun run = RunMeter(packets);
  EXPECT_EQ(run.records.flows[0].service, "modbus");
  EXPECT_EQ(run.records.flows[0].service_by, "content");
  EXPECT_EQ(run.records.transactions.size(), 3u);
}

TEST(OtSession, OT06_OffPortRequestAloneIsNotEnough) {
  PacketList packets;
  TcpTalk talk(packets, 40000, 1502);
  talk.Handshake().Client(Adu(1, 1, kRead)).Server("48545450").Close();
  const MeterRun run = RunMeter(packets);
  EXPECT_TRUE(run.records.transactions.empty());
  EXPECT_TRUE(run.records.flows[0].service.empty());
  EXPECT_TRUE(run.records.flows[0].anomalies.empty());
}

TEST(OtSession, OT04_MidstreamStartFindsTheFirstHeader) {
  PacketList packets;
  TcpTalk talk(packets);
  talk.Client("00020003").Server("0001 0002 0003 0004 05");  // ends of something
  for (std::uint16_t i = 0; i < 5; ++i) talk.Client(Adu(i, 1, kRead)).Server(Adu(i, 1, kReply));
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 1u);
  EXPECT_EQ(run.records.transactions.size(), 5u);
  EXPECT_EQ(run.records.flows[0].tcp_state, TcpState::kMidstream);
  EXPECT_EQ(run.records.flows[0].role_by, RoleBy::kRequest);
  EXPECT_EQ(run.records.flows[0].orig.port, 40000);
}

TEST(OtSession, OT05_BadStreamDoesNotTouchTheNext) {
  PacketList packets;
  TcpTalk bad(packets, 40001);
  bad.Handshake().Client(Adu(1, 1, kRead));
  for (int i = 0; i < 150; ++i) bad.Client("0001 0000 ffff 01 03");
  TcpTalk good(packets, 40002);
  good.Handshake().Client(Adu(1, 1, kRead)).Server(Adu(1, 1, kReply));
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 2u);
  const FlowRecord& cut = run.records.flows[0];
  EXPECT_EQ(Anomaly(cut, "decoder-cut-off"), 1u);
  EXPECT_LE(Anomaly(cut, "modbus-length"), 100u);
  EXPECT_EQ(run.records.flows[1].transactions, 1u);
}

TEST(OtSession, OT08_OneSidedViewsGiveEventsAndRoles) {
  for (const bool requests : {true, false}) {
    PacketList packets;
    TcpTalk talk(packets);
    for (std::uint16_t i = 0; i < 4; ++i) {
      requests ? talk.Client(Adu(i, 9, kRead)) : talk.Server(Adu(i, 9, kReply));
    }
    const MeterRun run = RunMeter(packets);
    ASSERT_EQ(run.records.transactions.size(), 4u);
    for (const Transaction& transaction : run.records.transactions) {
      EXPECT_EQ(transaction.code, 3);
      EXPECT_EQ(transaction.unit, 9u);
      EXPECT_EQ(transaction.status,
                requests ? TransactionStatus::kNoReply : TransactionStatus::kUnsolicited);
      EXPECT_EQ(transaction.orig_port, 40000);
      EXPECT_EQ(transaction.resp_port, 502);
    }
    EXPECT_EQ(Anomaly(run.records.flows[0], "other-side-not-seen"), 1u);
  }
}

TEST(OtSession, UdpDatagramsAreDecoded) {
  PacketList packets;
  const auto udp = [&packets](bool request, const std::string& hex, std::int64_t time) {
    test::PacketBuilder builder;
    builder.Eth();
    request ? builder.Ipv4("10.0.0.1", "10.0.0.2").Udp(40000, 502)
            : builder.Ipv4("10.0.0.2", "10.0.0.1").Udp(502, 40000);
    packets.Add(builder.Data(hex).Build(), time);
  };
  udp(true, Adu(1, 1, kRead), test::kStart);
  udp(false, Adu(1, 1, kReply), test::kStart + 5);
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.transactions.size(), 1u);
  EXPECT_EQ(run.records.transactions[0].status, TransactionStatus::kOk);
  EXPECT_EQ(run.records.transactions[0].latency_ns, 5);
}

TEST(OtSession, OT04_SynInTheMiddleHidesNothing) {
  PacketList packets;
  TcpTalk talk(packets);
  talk.Handshake().Client(Adu(1, 1, kRead)).Server(Adu(1, 1, kReply));
  const std::uint32_t next = talk.seq[0];
  for (const std::uint32_t decoy : {999'999u, next + 0x7000'0000u, next - 5000u}) {
    talk.seq[0] = decoy;
    talk.Send(true, {}, 0x02);
    talk.seq[0] = next;
  }
  talk.Client(Adu(2, 1, "0600010002")).Server(Adu(2, 1, "0600010002"));
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 1u);
  ASSERT_EQ(run.records.transactions.size(), 2u);
  EXPECT_TRUE(run.records.transactions[1].command);
  EXPECT_TRUE(run.records.flows[0].anomalies.empty());
}

TEST(OtSession, OT06_JunkDatagramsHideNothing) {
  PacketList packets;
  std::int64_t time = test::kStart;
  const auto udp = [&packets, &time](const std::string& hex) {
    packets.Add(
        test::PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2").Udp(40000, 502).Data(hex).Build(),
        time += 2'000'000);
  };
  for (int i = 0; i < 200; ++i) udp("ffffffffffff");
  udp(Adu(1, 1, "0600010002"));
  for (int i = 0; i < 200; ++i) udp("ffffffffffff");
  udp(Adu(2, 1, "0600010002"));
  EXPECT_EQ(RunMeter(packets).records.transactions.size(), 2u);
}

// A client that sends many commands before it reads an answer, on no usual port: none is lost.
TEST(OtSession, OT06_ABurstOfDatagramsOnAnyPort) {
  for (const int burst : {1, 5, 60}) {
    PacketList packets;
    std::int64_t time = test::kStart;
    const auto udp = [&packets, &time](bool request, const std::string& hex) {
      test::PacketBuilder builder;
      builder.Eth();
      request ? builder.Ipv4("10.0.0.1", "10.0.0.2").Udp(40000, 19600)
              : builder.Ipv4("10.0.0.2", "10.0.0.1").Udp(19600, 40000);
      packets.Add(builder.Data(hex).Build(), time += 1000);
    };
    const auto sid = [](int i) { return fmt::format("{:02x}", i); };
    for (int i = 0; i < burst; ++i) udp(true, "800002000200000100" + sid(i) + "0402ffff");
    for (int i = 0; i < burst; ++i) udp(false, "c00002000100000200" + sid(i) + "04020000");
    const MeterRun run = RunMeter(packets);
    ASSERT_EQ(run.records.transactions.size(), static_cast<std::size_t>(burst));
    for (const Transaction& transaction : run.records.transactions) {
      EXPECT_EQ(transaction.protocol, "fins");
      EXPECT_TRUE(transaction.command);
      EXPECT_EQ(transaction.status, TransactionStatus::kOk);
      EXPECT_EQ(transaction.orig_port, 40000);
    }
  }
}

// More junk than there are guesses: on its own port the protocol is still found.
TEST(OtSession, OT06_MuchJunkHidesNoCommand) {
  PacketList packets;
  TcpTalk talk(packets);
  talk.Handshake();
  for (int i = 0; i < 300; ++i) talk.Client("474554202f20485454502f312e310d0a0d0a");
  talk.Client(Adu(1, 1, "0600010002")).Server(Adu(1, 1, "0600010002"));
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.transactions.size(), 1u);
  EXPECT_TRUE(run.records.transactions[0].command);
  EXPECT_EQ(Anomaly(run.records.flows[0], "foreign-content"), 1u);
}

// Found only when the flow ends: the record still has its name.
TEST(OtSession, OT08_FoundAtTheEnd) {
  PacketList packets;
  TcpTalk talk(packets, 502, 1502);
  talk.Client(Adu(1, 1, kRead));
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.transactions.size(), 1u);
  EXPECT_EQ(run.records.flows[0].service_by, "content");
  EXPECT_EQ(run.records.transactions[0].orig_port, 502);
}

}  // namespace
}  // namespace tapiary::capture
