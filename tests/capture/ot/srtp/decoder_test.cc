#include "capture/ot/srtp/decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/capture/ot/srtp/mailbox.h"
#include "tests/capture/ot/support/invariance.h"
#include "tests/capture/ot/support/recorder.h"

namespace tapiary::capture::srtp {
namespace {

using capture::test::Conversation;
using capture::test::DetailOf;
using capture::test::MeterRun;
using test::Box;

Conversation Talk(std::uint16_t port = 18245) {
  Conversation talk;
  talk.server_port = port;
  talk.Add(true, Box().bytes()).Add(false, Box().Set(0, 1).bytes());
  talk.Add(true, Box().Sequence(1).Request(0x04, 0x08, 99, 2).bytes());
  talk.Add(false, Box().Sequence(1).Ack({7, 0, 8, 1}).bytes());
  talk.Add(true, Box().Sequence(2).LongRequest(0x07, 0x08, 9, 2, {1, 0, 2, 0}).bytes());
  talk.Add(false, Box().Sequence(2).Ack().bytes());
  talk.Add(true, Box().Sequence(3).Request(0x23, 0x02, 0, 0).bytes());
  talk.Add(false, Box().Sequence(3).Error(5, 2).bytes());
  talk.Add(true, Box().Sequence(4).Request(0x43, 0, 0, 0).bytes());
  talk.Add(false, Box().Sequence(4).LongAck({0, 'C', 'P', 'E', '3', '3', '0', 0, 0, 0}).bytes());
  return talk;
}

MeterRun RunOf(const Conversation& talk) {
  return capture::test::Deliver(talk, capture::test::WholeMessages(talk));
}

TEST(SrtpDecoder, OT01_OT02_AnyCutGivesTheSameFacts) {
  capture::test::CheckInvariance(Talk());
}

TEST(SrtpDecoder, ReadsWritesAndCommandsHaveTheirFields) {
  const MeterRun run = RunOf(Talk());
  ASSERT_EQ(run.records.transactions.size(), 5u);
  EXPECT_EQ(run.records.flows[0].service, "ge-srtp");
  EXPECT_EQ(run.records.transactions[0].operation, "connection_init");
  const Transaction& read = run.records.transactions[1];
  EXPECT_EQ(read.operation, "read_system_memory");
  EXPECT_EQ(read.address, 99u);
  EXPECT_EQ(read.quantity, 2u);
  EXPECT_EQ(read.values, (std::vector<std::int64_t>{7, 264}));
  EXPECT_EQ(DetailOf(read, "segment"), "%R");
  EXPECT_FALSE(read.command);
  const Transaction& write = run.records.transactions[2];
  EXPECT_EQ(write.values, (std::vector<std::int64_t>{1, 2}));
  EXPECT_TRUE(write.command);
  EXPECT_EQ(write.attack_technique, "T0855");
  EXPECT_TRUE(write.anomalies.empty());
  const Transaction& state = run.records.transactions[3];
  EXPECT_EQ(state.operation, "set_plc_state");
  EXPECT_EQ(DetailOf(state, "state"), "2");
  EXPECT_EQ(state.attack_technique, "T0858");
  EXPECT_EQ(state.status, TransactionStatus::kException);
  EXPECT_EQ(state.exception, 0x0502u);
  const Transaction& type = run.records.transactions[4];
  EXPECT_EQ(DetailOf(type, "controller"), "CPE330");
  EXPECT_EQ(type.attack_technique, "T0888");
}

TEST(SrtpDecoder, BitsBeginWhereTheyAreAskedFor) {
  Conversation talk;
  talk.server_port = 18245;
  talk.Add(true, Box().Sequence(1).Request(0x04, 0x48, 14, 4).bytes());
  talk.Add(false, Box().Sequence(1).Ack({0x40, 0x02}).bytes());
  const MeterRun run = RunOf(talk);
  ASSERT_EQ(run.records.transactions.size(), 1u);
  EXPECT_EQ(run.records.transactions[0].values, (std::vector<std::int64_t>{1, 0, 0, 1}));
  EXPECT_EQ(DetailOf(run.records.transactions[0], "access"), "bit");
}

TEST(SrtpDecoder, IsFoundOnOtherPortsButZerosAreNot) {
  EXPECT_EQ(RunOf(Talk(4000)).records.flows[0].service, "ge-srtp");
  Conversation zeros;
  zeros.server_port = 4000;
  zeros.Add(true, std::vector<std::uint8_t>(300, 0)).Add(false, std::vector<std::uint8_t>(300, 0));
  EXPECT_NE(RunOf(zeros).records.flows[0].service, "ge-srtp");
}

TEST(SrtpDecoder, OT06_OtherContentIsNotSrtp) {
  for (const char* const hex :
       {"474554202f20485454502f312e310d0a0d0a", "16030100c8010000c4", "5353482d322e30",
        "0300001611e00000000500c1020600c2020600c0010a", "02000000010203040506"}) {
    Conversation talk;
    talk.server_port = 18245;
    talk.Client(hex);
    EXPECT_TRUE(RunOf(talk).records.transactions.empty()) << hex;
  }
}

TEST(SrtpDecoder, OT07_EveryPrefixAndFlippedByteIsSurvived) {
  std::vector<std::uint8_t> bytes = Box().LongRequest(0x07, 0x4c, 9, 12, {1, 0, 2, 0}).bytes();
  const std::vector<std::uint8_t> answer = Box().LongAck({1, 2, 3}).bytes();
  bytes.insert(bytes.end(), answer.begin(), answer.end());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const std::uint8_t value : {std::uint8_t{0}, std::uint8_t{0xff}}) {
      std::vector<std::uint8_t> changed = bytes;
      changed[at] = value;
      capture::test::Recorder out;
      SrtpDecoder decoder;
      decoder.OnBytes(true, changed, 1, out);
      decoder.OnBytes(false, base::Bytes(changed).first(at), 2, out);
      decoder.Finish(out);
      EXPECT_LE(out.transactions.size(), 6u);
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::srtp
