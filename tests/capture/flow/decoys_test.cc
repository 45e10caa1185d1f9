// Inserted segments that the receiver drops and a first-come reassembler would decode, through the
// meter. tests/capture/flow/reassembler_test.cc has the rules one by one.
#include <gtest/gtest.h>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using test::Adu;
using test::kMilli;
using test::MeterRun;
using test::PacketList;
using test::RunMeter;
using test::TcpTalk;

constexpr const char* kRead = "030000 0002";
constexpr const char* kReadReply = "0304 00010002";
constexpr const char* kWrite = "0600101234";
constexpr const char* kDecoy = "060010aaaa";
constexpr int kWrongSum = 0x0bad;

std::uint64_t Anomaly(const FlowRecord& flow, std::string_view name) {
  for (const auto& [known, count] : flow.anomalies) {
    if (known == name) return count;
  }
  return 0;
}

class DecoyTest : public ::testing::Test {
 protected:
  // A client's segment at the next sequence number, which does not move: what the PLC drops.
  void Insert(const std::string& hex, int checksum = kWrongSum) {
    test::PacketBuilder builder;
    builder.Eth().Ipv4("10.0.0.1", "10.0.0.2");
    builder.Tcp(40000, 502, {.seq = talk_.seq[0], .ack = talk_.seq[1], .checksum = checksum});
    packets_.Add(builder.Data(hex).Build(), talk_.now());
  }
  void Begin() { talk_.Handshake().Client(Adu(1, 1, kRead)).Server(Adu(1, 1, kReadReply)); }
  void Write() { talk_.Client(Adu(2, 1, kWrite)).Server(Adu(2, 1, kWrite)); }
  // The write, and that it is the only one.
  void ExpectTheWrite(const MeterRun& run) {
    ASSERT_EQ(run.records.flows.size(), 1u);
    std::size_t writes = 0;
    for (const Transaction& transaction : run.records.transactions) {
      if (!transaction.command) continue;
      ++writes;
      EXPECT_EQ(transaction.values, std::vector<std::int64_t>{0x1234});
      EXPECT_EQ(transaction.status, TransactionStatus::kOk);
    }
    EXPECT_EQ(writes, 1u);
  }

  PacketList packets_;
  TcpTalk talk_{packets_};
};

TEST_F(DecoyTest, BadChecksumBeforeTheRealWriteIsNotDecoded) {
  Begin();
  Insert(Adu(2, 1, kDecoy));
  Write();
  const MeterRun run = RunMeter(packets_);
  ExpectTheWrite(run);
  EXPECT_EQ(run.records.transactions.size(), 2u);
  EXPECT_EQ(run.records.flows[0].bad_checksums, 1u);
  EXPECT_EQ(Anomaly(run.records.flows[0], "tcp-overlap-conflict"), 1u);
  EXPECT_EQ(Anomaly(run.records.flows[0], "tcp-decoy-decoded"), 0u);
}

TEST_F(DecoyTest, BadChecksumAsTheFirstPayloadIsNotDecoded) {
  talk_.Handshake();
  Insert(Adu(2, 1, kDecoy));
  Write();
  ExpectTheWrite(RunMeter(packets_));
}

TEST_F(DecoyTest, ManyShortDecoysDoNotCutTheDecoderOff) {
  Begin();
  for (int i = 0; i < 500; ++i) {
    Insert("00020000ffff01");
    talk_.Wait(kMilli);
  }
  Write();
  const MeterRun run = RunMeter(packets_);
  ExpectTheWrite(run);
  EXPECT_EQ(Anomaly(run.records.flows[0], "decoder-cut-off"), 0u);
}

TEST_F(DecoyTest, DecoyLongBeforeTheRealWriteIsNotDecoded) {
  talk_.Handshake();
  Insert(Adu(2, 1, kDecoy));
  talk_.Wait(5 * test::kSecond);
  Write();
  ExpectTheWrite(RunMeter(packets_));
}

TEST_F(DecoyTest, DecoyAfterTheRealWriteIsAConflict) {
  Begin();
  talk_.Client(Adu(2, 1, kWrite));
  talk_.seq[0] -= 12;
  Insert(Adu(2, 1, kDecoy));
  talk_.seq[0] += 12;
  talk_.Server(Adu(2, 1, kWrite));
  const MeterRun run = RunMeter(packets_);
  ExpectTheWrite(run);
  EXPECT_EQ(Anomaly(run.records.flows[0], "tcp-overlap-conflict"), 1u);
  EXPECT_EQ(Anomaly(run.records.flows[0], "tcp-decoy-decoded"), 0u);
  // The write was open then: who reads it sees that there is another copy.
  EXPECT_EQ(run.records.transactions[1].anomalies,
            std::vector<std::string>{"tcp-overlap-conflict"});
}

// Nothing tells a decoy of low TTL; that there was one must show.
TEST_F(DecoyTest, RightChecksumDecoyIsMarked) {
  Begin();
  Insert(Adu(2, 1, kDecoy), -1);
  talk_.Wait(2 * kMilli);
  Write();
  const MeterRun run = RunMeter(packets_);
  ASSERT_EQ(run.records.transactions.size(), 2u);
  EXPECT_EQ(run.records.transactions[1].anomalies,
            std::vector<std::string>{"tcp-overlap-conflict"});
  EXPECT_TRUE(run.records.transactions[0].anomalies.empty());
  EXPECT_EQ(Anomaly(run.records.flows[0], "tcp-overlap-conflict"), 1u);
}

// First and last bytes, numbers and IP identification as the real one: it passes for its copy.
TEST_F(DecoyTest, FL10_DecoyThatLooksLikeTheMirrorsCopyIsReplaced) {
  const std::string real = "10 0010 0006 0c 000100020003000400050006";
  const std::string decoy = "10 0010 0006 0c aaaaaaaa0003000400050006";
  Begin();
  Insert(Adu(2, 1, decoy));
  test::PacketBuilder builder;
  builder.Eth().Ipv4("10.0.0.1", "10.0.0.2");
  builder.Tcp(40000, 502, {.seq = talk_.seq[0], .ack = talk_.seq[1]});
  packets_.Add(builder.Data(Adu(2, 1, real)).Build(), talk_.now());
  talk_.seq[0] += 25;
  talk_.Server(Adu(2, 1, "1000100006"));
  const MeterRun run = RunMeter(packets_);
  ASSERT_EQ(run.records.transactions.size(), 2u);
  EXPECT_EQ(run.records.transactions[1].values, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST_F(DecoyTest, DecoyBeforeAnyGoodChecksumIsNamed) {
  // Mid-stream: nothing before tells whether this host offloads checksums.
  Insert(Adu(2, 1, kDecoy));
  talk_.Wait(2 * kMilli);
  Write();
  const MeterRun run = RunMeter(packets_);
  ASSERT_EQ(run.records.transactions.size(), 1u);
  EXPECT_EQ(Anomaly(run.records.flows[0], "tcp-decoy-decoded"), 1u);
  EXPECT_EQ(run.records.transactions[0].anomalies,
            std::vector<std::string>{"tcp-overlap-conflict"});
}

TEST_F(DecoyTest, CAP11_OffloadInOneDirectionLosesNothing) {
  for (const bool client_offloads : {true, false}) {
    PacketList packets;
    std::int64_t time = test::kStart;
    std::uint32_t seq[2] = {100, 900};
    const auto send = [&](bool client, const std::string& hex, std::uint8_t flags) {
      const int from = client ? 0 : 1;
      const char* const ips[2] = {"10.0.0.1", "10.0.0.2"};
      const std::uint16_t ports[2] = {40000, 502};
      test::PacketBuilder builder;
      builder.Eth().Ipv4(ips[from], ips[1 - from]);
      builder.Tcp(ports[from], ports[1 - from],
                  {.seq = seq[from],
                   .ack = flags == 2 ? 0 : seq[1 - from],
                   .flags = flags,
                   .checksum = client == client_offloads ? kWrongSum : -1});
      packets.Add(builder.Data(hex).Build(), time += kMilli);
      seq[from] += static_cast<std::uint32_t>(test::Hex(hex).size()) + ((flags & 2) != 0 ? 1 : 0);
    };
    send(true, "", 0x02);
    send(false, "", 0x12);
    send(true, "", 0x10);
    for (std::uint16_t i = 0; i < 5; ++i) {
      send(true, Adu(i, 1, kRead), 0x18);
      send(false, Adu(i, 1, kReadReply), 0x18);
    }
    const MeterRun run = RunMeter(packets);
    ASSERT_EQ(run.records.transactions.size(), 5u) << client_offloads;
    for (const Transaction& transaction : run.records.transactions) {
      EXPECT_EQ(transaction.status, TransactionStatus::kOk);
      EXPECT_EQ(transaction.latency_ns, kMilli);
    }
    EXPECT_TRUE(run.records.flows[0].anomalies.empty()) << client_offloads;
  }
}

// A host that merges received segments leaves some checksums of a direction wrong.
TEST_F(DecoyTest, WrongChecksumThatThePeerAcknowledgedIsDecoded) {
  Begin();
  Insert(Adu(2, 1, kWrite));
  talk_.seq[0] += 12;
  talk_.Server(Adu(2, 1, kWrite));
  const MeterRun run = RunMeter(packets_);
  ExpectTheWrite(run);
  EXPECT_TRUE(run.records.flows[0].anomalies.empty());
}

TEST_F(DecoyTest, WrongChecksumAtTheEndOfAOneSidedViewIsDecoded) {
  talk_.Send(true, {}, 0x02).Client(Adu(1, 1, kRead));
  Insert(Adu(2, 1, kWrite));
  const MeterRun run = RunMeter(packets_);
  ASSERT_EQ(run.records.transactions.size(), 2u);
  EXPECT_TRUE(run.records.transactions[1].command);
}

// Nor do a SYN or an acknowledgement with a wrong checksum decide anything.
TEST_F(DecoyTest, FL02_WrongChecksumBeginsNoConnection) {
  talk_.Send(true, {}, 0x02).Client(Adu(1, 1, kRead));
  test::PacketBuilder builder;
  builder.Eth().Ipv4("10.0.0.1", "10.0.0.2");
  builder.Tcp(40000, 502, {.seq = 777, .flags = 2, .checksum = kWrongSum});
  packets_.Add(builder.Build(), talk_.now());
  talk_.Client(Adu(2, 1, kWrite));
  const MeterRun run = RunMeter(packets_);
  EXPECT_EQ(run.records.flows.size(), 1u);
  EXPECT_EQ(run.records.transactions.size(), 2u);
}

}  // namespace
}  // namespace tapiary::capture
