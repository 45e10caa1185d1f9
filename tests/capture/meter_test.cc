#include "capture/meter.h"

#include <gtest/gtest.h>

#include "capture/record_json.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using test::Adu;
using test::kMilli;
using test::kStart;
using test::MeterRun;
using test::PacketBuilder;
using test::PacketList;
using test::RunMeter;
using test::TcpTalk;

constexpr const char* kRead = "0300000002";
constexpr const char* kReply = "030400010002";

void TenExchanges(TcpTalk& talk) {
  for (std::uint16_t i = 0; i < 10; ++i) talk.Client(Adu(i, 1, kRead)).Server(Adu(i, 1, kReply));
}

TEST(Meter, AnExchangeGivesAFlowAndItsTransactions) {
  PacketList packets;
  TcpTalk talk(packets);
  talk.Handshake();
  TenExchanges(talk);
  talk.Client(Adu(99, 1, "060001000a")).Server(Adu(99, 1, "060001000a")).Close();
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 1u);
  const FlowRecord& flow = run.records.flows[0];
  EXPECT_EQ(flow.service, "modbus");
  EXPECT_EQ(flow.transactions, 11u);
  EXPECT_EQ(flow.commands, 1u);
  EXPECT_EQ(flow.bad_checksums, 0u);
  ASSERT_EQ(run.records.transactions.size(), 11u);
  for (std::uint32_t i = 0; i < 11; ++i) {
    EXPECT_EQ(run.records.transactions[i].number, i);
    EXPECT_EQ(run.records.transactions[i].flow_id, flow.id);
    EXPECT_EQ(run.records.transactions[i].community_id, flow.community_id);
    EXPECT_EQ(run.records.transactions[i].latency_ns, kMilli);
  }
  EXPECT_TRUE(run.records.transactions[10].command);
  EXPECT_EQ(run.stats.packets, packets.packets().size());
  EXPECT_EQ(run.stats.keyed_packets, run.stats.packets);
  EXPECT_EQ(run.stats.commands, 1u);
  EXPECT_TRUE(run.stats.notes.empty());
}

// Rule R5: batches are how packets arrive, not what they mean.
TEST(Meter, BatchSizeChangesNothing) {
  std::string first;
  for (const std::size_t batch : {1u, 2u, 7u, 64u}) {
    PacketList packets;
    TcpTalk talk(packets);
    talk.Handshake();
    TenExchanges(talk);
    talk.Close().Wait(400 * test::kSecond).Client(Adu(1, 1, kRead));
    const MeterRun run = RunMeter(packets, {.active_timeout_ns = 5 * kMilli}, batch);
    std::string text;
    for (const FlowRecord& flow : run.records.flows) text += ToJson(flow, {}) + "\n";
    for (const Transaction& t : run.records.transactions) text += ToJson(t, {}) + "\n";
    if (first.empty()) first = text;
    EXPECT_EQ(text, first) << batch;
  }
}

TEST(Meter, CAP11_ZeroedChecksumsDecodeAndAreCounted) {
  PacketList packets;
  for (const bool request : {true, false}) {
    PacketBuilder builder;
    builder.Eth();
    request ? builder.Ipv4("10.0.0.1", "10.0.0.2").Tcp(40000, 502, {.seq = 1, .checksum = 0})
            : builder.Ipv4("10.0.0.2", "10.0.0.1").Tcp(502, 40000, {.seq = 1, .checksum = 0});
    packets.Add(builder.Data(Adu(1, 1, request ? kRead : kReply)).Build(), kStart);
  }
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 1u);
  EXPECT_EQ(run.records.flows[0].bad_checksums, 2u);
  EXPECT_EQ(run.records.flows[0].transactions, 1u);
}

TEST(Meter, OT01_AnyCutOfTheStreamGivesTheSameTransactions) {
  std::string stream;
  for (std::uint16_t i = 0; i < 10; ++i) stream += Adu(i, 1, kRead);
  for (const std::size_t size : {2u, 4u, 6u, 16u, 24u, 26u, 72u, 240u}) {
    PacketList packets;
    TcpTalk talk(packets);
    talk.Handshake();
    for (std::size_t at = 0; at < stream.size(); at += size) talk.Client(stream.substr(at, size));
    const MeterRun run = RunMeter(packets);
    EXPECT_EQ(run.records.transactions.size(), 10u) << size / 2;
    EXPECT_TRUE(run.records.flows[0].anomalies.empty()) << size / 2;
  }
}

TEST(Meter, OT04_OneLostSegmentCostsItselfOnly) {
  PacketList packets;
  TcpTalk talk(packets);
  talk.Handshake();
  for (std::uint16_t i = 0; i < 10; ++i) {
    i == 4 ? talk.Lose(true, 12) : talk.Client(Adu(i, 1, kRead));
    talk.Server(Adu(i, 1, kReply));
  }
  const MeterRun run = RunMeter(packets);
  std::size_t ok = 0, unsolicited = 0;
  for (const Transaction& t : run.records.transactions) {
    ok += t.status == TransactionStatus::kOk;
    unsolicited += t.status == TransactionStatus::kUnsolicited;
  }
  EXPECT_EQ(ok, 9u);
  EXPECT_EQ(unsolicited, 1u);
  EXPECT_EQ(run.records.flows[0].orig.missed_bytes, 12u);
  ASSERT_EQ(run.records.flows[0].anomalies.size(), 1u);
  EXPECT_EQ(run.records.flows[0].anomalies[0].first, "modbus-gap");
}

TEST(Meter, OT04_AcknowledgementBeforeItsDataLosesNothing) {
  PacketList packets;
  TcpTalk talk(packets);
  talk.Handshake();
  TenExchanges(talk);
  // The mirror swaps each request with the reply that acknowledges it.
  std::vector<Packet>& all = packets.packets();
  for (std::size_t i = 3; i + 1 < all.size(); i += 2) std::swap(all[i], all[i + 1]);
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.transactions.size(), 10u);
  for (const Transaction& t : run.records.transactions) {
    EXPECT_EQ(t.status, TransactionStatus::kOk);
  }
  EXPECT_EQ(run.records.flows[0].orig.missed_bytes, 0u);
  EXPECT_TRUE(run.records.flows[0].anomalies.empty());
}

TEST(Meter, TcpInIpFragmentsIsDecodedInAnyOrder) {
  for (const bool reversed : {false, true}) {
    PacketList packets;
    TcpTalk talk(packets);
    talk.Handshake();
    const std::vector<std::uint8_t> adu = test::Hex(Adu(1, 1, "1000010002 04 000a0102"));
    const auto first = PacketBuilder()
                           .Eth()
                           .Ipv4("10.0.0.1", "10.0.0.2", {.id = 7, .more_fragments = true})
                           .Tcp(40000, 502, {.seq = talk.seq[0]})
                           .Data(std::span(adu).first(4))
                           .Build();
    const auto second =
        PacketBuilder()
            .Eth()
            .Ipv4("10.0.0.1", "10.0.0.2", {.proto = 6, .id = 7, .fragment_offset = 24})
            .Data(std::span(adu).subspan(4))
            .Build();
    packets.Add(reversed ? second : first, talk.now() + 1);
    packets.Add(reversed ? first : second, talk.now() + 2);
    const MeterRun run = RunMeter(packets);
    ASSERT_EQ(run.records.flows.size(), 1u);
    EXPECT_EQ(run.records.flows[0].orig.packets, 4u);
    ASSERT_EQ(run.records.transactions.size(), 1u) << reversed;
    EXPECT_EQ(run.records.transactions[0].values, (std::vector<std::int64_t>{10, 0x102}));
  }
}

TEST(Meter, PacketsWithoutFlowAreCountedByName) {
  PacketList packets;
  packets.Add({1, 2, 3}, kStart);
  Packet& cut =
      packets.Add(PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2").Tcp(1, 2).Build(), kStart);
  cut.bytes = cut.bytes.first(14 + 20 + 2);
  packets.Add({}, kStart, 99);  // an interface that nobody described
  const MeterRun run = RunMeter(packets);
  EXPECT_EQ(run.stats.packets, 3u);
  EXPECT_EQ(run.stats.keyed_packets, 0u);
  EXPECT_TRUE(run.records.flows.empty());
  std::uint64_t noted = 0;
  for (const auto& [name, count] : run.stats.notes) noted += count;
  EXPECT_EQ(noted, 3u);
}

}  // namespace
}  // namespace tapiary::capture
