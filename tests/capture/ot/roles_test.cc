// Who asks whom, where the usual port, the handshake and the PDUs do not agree (FL-01, OT-08).
#include <gtest/gtest.h>

#include "tests/capture/ot/iso/support.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using test::Adu;
using test::MeterRun;
using test::PacketList;
using test::RunMeter;
using test::TcpTalk;

constexpr const char* kRead = "030000 0002";
constexpr const char* kReply = "0304 00010002";
constexpr const char* kWrite = "060001 0002";  // the same both ways
constexpr std::uint16_t kAttacker = 502;       // the port he comes from

void ExpectAsked(const MeterRun& run, std::size_t count, std::uint16_t asker,
                 std::uint16_t server) {
  ASSERT_EQ(run.records.transactions.size(), count);
  for (const Transaction& transaction : run.records.transactions) {
    EXPECT_EQ(transaction.orig_port, asker) << transaction.operation;
    EXPECT_EQ(transaction.resp_port, server) << transaction.operation;
    EXPECT_EQ(transaction.status, TransactionStatus::kOk) << transaction.operation;
  }
}

// Writes first, so that the first PDUs say nothing of who asks.
void Commands(TcpTalk& talk) {
  talk.Client(Adu(1, 1, kWrite)).Server(Adu(1, 1, kWrite));
  talk.Client(Adu(2, 1, kRead)).Server(Adu(2, 1, kReply));
}

class FromThePort : public ::testing::TestWithParam<std::uint16_t> {};

TEST_P(FromThePort, FL01_OT08_AnAttackerOnTheServersPortIsWhoAsks) {
  PacketList packets;
  TcpTalk talk(packets, kAttacker, GetParam());
  talk.Handshake();
  Commands(talk);
  ExpectAsked(RunMeter(packets), 2, kAttacker, GetParam());
}

TEST_P(FromThePort, FL01_OT08_ReadsFirst) {
  PacketList packets;
  TcpTalk talk(packets, kAttacker, GetParam());
  talk.Handshake();
  talk.Client(Adu(1, 1, kRead)).Server(Adu(1, 1, kReply));
  Commands(talk);
  ExpectAsked(RunMeter(packets), 3, kAttacker, GetParam());
}

// He begins with what only a server would send, to look like one.
TEST_P(FromThePort, FL01_OT08_AResponseThatNobodyAskedForChangesNothing) {
  PacketList packets;
  TcpTalk talk(packets, kAttacker, GetParam());
  talk.Handshake().Client(Adu(9, 1, kReply)).Server(Adu(9, 1, "8303"));
  Commands(talk);
  const MeterRun run = RunMeter(packets);
  ASSERT_GE(run.records.transactions.size(), 2u);
  for (const Transaction& transaction : run.records.transactions) {
    EXPECT_EQ(transaction.orig_port, kAttacker);
  }
}

TEST_P(FromThePort, FL01_OT08_JoinedInTheMiddleTheFormTells) {
  PacketList packets;
  TcpTalk talk(packets, kAttacker, GetParam());
  talk.Client(Adu(1, 1, kRead)).Server(Adu(1, 1, kReply));
  Commands(talk);
  ExpectAsked(RunMeter(packets), 3, kAttacker, GetParam());
}

TEST_P(FromThePort, FL01_OT08_OneSidedAndJoinedInTheMiddle) {
  PacketList packets;
  TcpTalk talk(packets, kAttacker, GetParam());
  talk.Client(Adu(1, 1, kRead)).Client(Adu(2, 1, kWrite)).Client(Adu(3, 1, kRead));
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.transactions.size(), 3u);
  for (const Transaction& transaction : run.records.transactions) {
    EXPECT_EQ(transaction.orig_port, kAttacker);
    EXPECT_EQ(transaction.status, TransactionStatus::kNoReply);
  }
  EXPECT_EQ(run.records.flows[0].service, "modbus");
}

INSTANTIATE_TEST_SUITE_P(Servers, FromThePort, ::testing::Values(502, 1502, 802));

// Devices that connect from the port they serve on, to the one who polls them.
TEST(Roles, FL01_OT08_ADeviceThatConnectsFromItsOwnPortIsAsked) {
  for (const char* const first : {kRead, kWrite}) {
    PacketList packets;
    TcpTalk talk(packets, 502, 50000);  // the client of TCP is the server of Modbus
    talk.Handshake();
    talk.Server(Adu(1, 1, first)).Client(Adu(1, 1, first == kRead ? kReply : kWrite));
    talk.Server(Adu(2, 1, kRead)).Client(Adu(2, 1, kReply));
    ExpectAsked(RunMeter(packets), 2, 50000, 502);
  }
}

// One that only reports what nobody asked for is no master.
TEST(Roles, FL01_OT08_ADeviceThatAnswersUnaskedIsNotWhoAsks) {
  PacketList packets;
  TcpTalk talk(packets, 502, 50000);
  talk.Handshake();
  for (std::uint16_t i = 0; i < 3; ++i) talk.Client(Adu(i, 1, "8106"));
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.transactions.size(), 3u);
  for (const Transaction& transaction : run.records.transactions) {
    EXPECT_EQ(transaction.orig_port, 50000);
    EXPECT_EQ(transaction.status, TransactionStatus::kUnsolicited);
    EXPECT_EQ(transaction.exception, 6u);
  }
}

// A gateway that dials out to its master on any port.
TEST(Roles, FL01_OT08_AGatewayThatDialsOutIsAsked) {
  for (const char* const first : {kRead, kWrite}) {
    PacketList packets;
    TcpTalk talk(packets, 40000, 9999);
    talk.Handshake();
    talk.Server(Adu(1, 1, first)).Client(Adu(1, 1, first == kRead ? kReply : kWrite));
    talk.Server(Adu(2, 1, kRead)).Client(Adu(2, 1, kReply));
    ExpectAsked(RunMeter(packets), 2, 9999, 40000);
  }
}

TEST(Roles, FL01_OT08_PortAndHandshakeTogetherStand) {
  PacketList packets;
  TcpTalk talk(packets);
  talk.Handshake().Client(Adu(9, 1, kReply));  // no request, framed to the byte
  Commands(talk);
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.transactions.size(), 3u);
  for (const Transaction& transaction : run.records.transactions) {
    EXPECT_EQ(transaction.orig_port, 40000);
  }
}

// Protocols whose PDUs say it themselves: here ROSCTR.
TEST(Roles, FL01_OT08_S7commFromPort102) {
  constexpr const char* kStop = "32010000 0106 0010 0000 29 0000000000 09 505f50524f4752414d";
  constexpr const char* kStopped = "32020000 0106 0000 0000 0000";
  for (const bool handshake : {true, false}) {
    for (const std::uint16_t server : {std::uint16_t{102}, std::uint16_t{1102}}) {
      PacketList packets;
      TcpTalk talk(packets, 102, server);
      if (handshake) talk.Handshake();
      talk.Client(test::Dt(kStop)).Server(test::Dt(kStopped));
      const MeterRun run = RunMeter(packets);
      ASSERT_EQ(run.records.transactions.size(), 1u) << handshake << server;
      EXPECT_TRUE(run.records.transactions[0].command);
      EXPECT_EQ(run.records.transactions[0].orig_port, 102);
      EXPECT_EQ(run.records.transactions[0].orig_ip, run.records.flows[0].orig.ip);
    }
  }
}

}  // namespace
}  // namespace tapiary::capture
