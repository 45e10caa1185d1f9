#include "capture/ot/slmp/decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/capture/ot/support/invariance.h"
#include "tests/capture/ot/support/recorder.h"

namespace tapiary::capture::slmp {
namespace {

using test::Conversation;
using test::DetailOf;
using test::Hex;
using test::MeterRun;

std::string Le16(std::size_t number) {
  char text[5];
  std::snprintf(text, sizeof text, "%02zx%02zx", number & 0xff, number >> 8 & 0xff);
  return text;
}
// Behind the subheader: own station, length, monitoring timer.
std::string Ask(const std::string& front, const std::string& command) {
  return front + "00 ff ff03 00" + Le16(2 + Hex(command).size()) + "1000" + command;
}
std::string Reply(const std::string& front, const std::string& rest) {
  return front + "00 ff ff03 00" + Le16(Hex(rest).size()) + rest;
}
std::string Ask4(int serial, const std::string& command) {
  return Ask("5400" + Le16(static_cast<std::size_t>(serial)) + "0000", command);
}
std::string Reply4(int serial, const std::string& rest) {
  return Reply("d400" + Le16(static_cast<std::size_t>(serial)) + "0000", rest);
}

constexpr const char* kTypeName = "0000 51303355444543505520202020202020 6802";

Conversation Talk4E() {
  Conversation talk;
  talk.server_port = 5007;
  talk.Client(Ask4(1, "0104 0000 640000 a8 0200")).Server(Reply4(1, "0000 0700 0800"));
  talk.Client(Ask4(2, "0114 0100 100000 9d 0300 1010")).Server(Reply4(2, "0000"));
  talk.Client(Ask4(3, "0210 0000 0100")).Server(Reply4(3, "51c0 00ffff0300 0210 0000"));
  talk.Client(Ask4(4, "0101 0000")).Server(Reply4(4, kTypeName));
  return talk;
}

Conversation Talk3E() {
  Conversation talk;
  talk.server_port = 5006;
  talk.Client(Ask("5000", "0104 0000 640000 a8 0200"));
  talk.Server(Reply("d000", "0000 0700 0800"));
  talk.Client(Ask("5000", "0304 0000 02 01 640000 a8 200000 9d 0a0000 c2"));
  talk.Server(Reply("d000", "0000 0100 0200 44332211"));
  talk.Client(Ask("5000", "0110 0000 0300 02 00")).Server(Reply("d000", "0000"));
  talk.Client(Ask("5000", "0610 0000 0100"));
  talk.Server(Reply("d000", "0840 00ffff0300 0610 0000"));
  return talk;
}

MeterRun RunOf(const Conversation& talk) {
  return test::Deliver(talk, test::WholeMessages(talk));
}

TEST(SlmpDecoder, OT01_OT02_AnyCutGivesTheSameFacts4E) {
  test::CheckInvariance(Talk4E());
}

TEST(SlmpDecoder, OT01_AnyCutGivesTheSameFacts3E) {
  const Conversation talk = Talk3E();
  test::CheckCuts(talk);
  test::CheckOneSided(talk);
  test::CheckMidStream(talk);
  test::CheckGaps(talk);
  test::CheckSnapLengths(talk);
  // Not CheckRepeatsAndOrder: a 3E response seen before its request cannot be told from another's.
}

TEST(SlmpDecoder, ReadsAndWritesHaveTheirFields) {
  const MeterRun run = RunOf(Talk4E());
  ASSERT_EQ(run.records.transactions.size(), 4u);
  EXPECT_EQ(run.records.flows[0].service, "slmp");
  const Transaction& read = run.records.transactions[0];
  EXPECT_EQ(read.operation, "device_read");
  EXPECT_EQ(read.unit, 255u);
  EXPECT_EQ(read.address, 100u);
  EXPECT_EQ(read.quantity, 2u);
  EXPECT_EQ(read.values, (std::vector<std::int64_t>{7, 8}));
  EXPECT_EQ(DetailOf(read, "device"), "D100");
  EXPECT_FALSE(read.command);
  const Transaction& write = run.records.transactions[1];
  EXPECT_EQ(write.operation, "device_write");
  EXPECT_EQ(DetailOf(write, "device"), "Y10");
  EXPECT_EQ(DetailOf(write, "access"), "bit");
  EXPECT_EQ(write.values, (std::vector<std::int64_t>{1, 0, 1}));
  EXPECT_TRUE(write.command);
  EXPECT_EQ(write.attack_technique, "T0855");
  EXPECT_TRUE(write.anomalies.empty());
  const Transaction& stop = run.records.transactions[2];
  EXPECT_EQ(stop.operation, "remote_stop");
  EXPECT_EQ(stop.status, TransactionStatus::kException);
  EXPECT_EQ(stop.exception, 0xc051u);
  EXPECT_EQ(stop.attack_technique, "T0881");
  const Transaction& model = run.records.transactions[3];
  EXPECT_EQ(DetailOf(model, "model"), "Q03UDECPU");
  EXPECT_EQ(DetailOf(model, "model_code"), "0x0268");
  EXPECT_EQ(model.attack_technique, "T0888");
}

TEST(SlmpDecoder, RandomAccessAndRemoteControl3E) {
  const MeterRun run = RunOf(Talk3E());
  ASSERT_EQ(run.records.transactions.size(), 4u);
  const Transaction& random = run.records.transactions[1];
  EXPECT_EQ(random.operation, "device_read_random");
  EXPECT_EQ(DetailOf(random, "device"), "D100,Y20,TN10");
  EXPECT_EQ(random.values, (std::vector<std::int64_t>{1, 2, 0x11223344}));
  const Transaction& start = run.records.transactions[2];
  EXPECT_EQ(start.operation, "remote_run");
  EXPECT_EQ(DetailOf(start, "mode"), "3");
  EXPECT_EQ(DetailOf(start, "clear_mode"), "2");
  EXPECT_EQ(start.attack_technique, "T0858");
  const Transaction& reset = run.records.transactions[3];
  EXPECT_EQ(reset.operation, "remote_reset");
  EXPECT_EQ(reset.exception, 0x4008u);
  EXPECT_EQ(reset.attack_technique, "T0816");
}

TEST(SlmpDecoder, OT02_PipelinedRequestsTakeWhatFits) {
  test::Recorder out;
  SlmpDecoder decoder;
  std::int64_t now = 1'000'000'000;
  const auto send = [&](bool client, const std::string& hex) {
    decoder.OnBytes(client, Hex(hex), now += 1'000'000, out);
  };
  send(true, Ask("5000", "0104 0000 640000 a8 0200"));
  send(true, Ask("5000", "0104 0000 c80000 a8 0100"));
  send(true, Ask("5000", "0104 0000 2c0100 a8 0300"));
  send(false, Reply("d000", "0000 0900"));  // the first response was lost
  send(false, Reply("d000", "0000 0100 0200 0300"));
  decoder.Finish(out);
  ASSERT_EQ(out.transactions.size(), 3u);
  EXPECT_EQ(out.transactions[0].address, 200u);
  EXPECT_EQ(out.transactions[1].address, 300u);
  EXPECT_EQ(out.transactions[2].status, TransactionStatus::kNoReply);
}

TEST(SlmpDecoder, UdpLossDoesNotShiftThePairs) {
  Conversation talk;
  talk.carrier = test::Carrier::kUdp;
  talk.server_port = 5000;
  const std::string ask = Ask("5000", "0104 0000 640000 a8 0100");
  talk.Client(ask).Client(ask).Server(Reply("d000", "0000 0500"));
  talk.Client(ask).Server(Reply("d000", "0000 0600"));
  const MeterRun run = RunOf(talk);
  ASSERT_EQ(run.records.transactions.size(), 3u);
  int answered = 0;
  for (const Transaction& transaction : run.records.transactions) {
    if (transaction.status != TransactionStatus::kOk) continue;
    ++answered;
    EXPECT_LT(transaction.latency_ns.value_or(0), 1'000'000'000);
  }
  EXPECT_EQ(answered, 2);
}

TEST(SlmpDecoder, PasswordsAndFilesAreTold) {
  Conversation talk;
  talk.server_port = 5007;
  talk.Client(Ask4(1, "3016 0000 0400 31323334")).Server(Reply4(1, "0000"));
  talk.Client(Ask4(2, "2718 0000 00000000 0001 0400 0800 4d41494e2e505247"));
  talk.Server(Reply4(2, "0000 0500"));
  talk.Client(Ask4(3, "2918 0000 0500 00010000 0200 aabb")).Server(Reply4(3, "0000 0200"));
  talk.Client(Ask4(4, "2218 0000 00000000 0400 0800 4d41494e2e505247")).Server(Reply4(4, "0000"));
  const MeterRun run = RunOf(talk);
  ASSERT_EQ(run.records.transactions.size(), 4u);
  EXPECT_EQ(DetailOf(run.records.transactions[0], "password"), "1234");
  const Transaction& open = run.records.transactions[1];
  EXPECT_EQ(open.operation, "file_open");
  EXPECT_EQ(DetailOf(open, "file"), "MAIN.PRG");
  EXPECT_EQ(DetailOf(open, "mode"), "write");
  EXPECT_EQ(DetailOf(open, "handle"), "5");
  EXPECT_EQ(open.attack_technique, "T0843");
  const Transaction& write = run.records.transactions[2];
  EXPECT_EQ(write.address, 256u);
  EXPECT_EQ(write.quantity, 2u);
  EXPECT_EQ(write.attack_technique, "T0843");
  EXPECT_EQ(run.records.transactions[3].attack_technique, "T0809");
}

TEST(SlmpDecoder, EngineeringToolIsFoundOnAnyPort) {
  Conversation talk;
  talk.carrier = test::Carrier::kUdp;
  talk.server_port = 5560;
  // Command header of 24 bytes, of a response 26; command, reference, size.
  const std::string zeros(40, '0');
  talk.Client("570100000011110700 00ff ff03 00 00fe030000 2000 1c0a1614" + zeros +
              "0121 0100 0000 0001");
  talk.Server("d70100000011117f000000a80300ffff030000 3000 9c0a1814" + zeros +
              "0000 0121 0100 0000 465835552d33324d5400000000000000");
  talk.Client("570100000011110700 00ff ff03 00 00fe030000 1e00 1c0a1614" + zeros +
              "1002 0200 0000");
  talk.Server("d70100000011117f000000a80300ffff030000 2000 9c0a1814" + zeros +
              "0000 1002 0200 0000");
  const MeterRun run = RunOf(talk);
  ASSERT_EQ(run.records.flows[0].service, "slmp");
  ASSERT_EQ(run.records.transactions.size(), 2u);
  const Transaction& open = run.records.transactions[0];
  EXPECT_EQ(open.operation, "open_initial");
  EXPECT_EQ(DetailOf(open, "model"), "FX5U-32MT");
  const Transaction& stop = run.records.transactions[1];
  EXPECT_EQ(stop.operation, "remote_stop");
  EXPECT_TRUE(stop.command);
  EXPECT_EQ(stop.status, TransactionStatus::kOk);
}

TEST(SlmpDecoder, OT06_OtherContentIsNotSlmp) {
  for (const char* const hex :
       {"474554202f20485454502f312e310d0a0d0a", "16030100c8010000c4", "5353482d322e30",
        "504f5354202f20485454502f312e31", "5000 00 ff ff03 00 0c00 1000 ffff 0000 000000000000",
        "5000 00 ff ff03 00 0600 1000 0104 7700"}) {
    for (const test::Carrier carrier : {test::Carrier::kTcp, test::Carrier::kUdp}) {
      Conversation talk;
      talk.carrier = carrier;
      talk.server_port = 5007;
      talk.Client(hex);
      EXPECT_TRUE(RunOf(talk).records.transactions.empty()) << hex;
    }
  }
}

TEST(SlmpDecoder, OT07_EveryPrefixAndFlippedByteIsSurvived) {
  const std::vector<std::uint8_t> bytes =
      Hex(Ask4(1, "0214 0000 02 01 640000 a8 0100 200000 9d 0200 0a0000 c2 01000000") +
          Ask4(2, "2718 0000 00000000 0001 0400 0800 4d41494e2e505247") + "5a000001");
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const std::uint8_t value : {std::uint8_t{0}, std::uint8_t{0xff}}) {
      std::vector<std::uint8_t> changed = bytes;
      changed[at] = value;
      test::Recorder out;
      SlmpDecoder decoder;
      decoder.OnBytes(true, changed, 1, out);
      decoder.OnBytes(false, base::Bytes(changed).first(at), 2, out);
      decoder.OnDatagram(true, base::Bytes(changed).first(at), at % 2 == 0, 3, out);
      decoder.Finish(out);
      EXPECT_LE(out.transactions.size(), 9u);
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::slmp
