#include "capture/ot/fins/decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "capture/ot/fins/frame.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::fins {
namespace {

using test::Conversation;
using test::Hex;
using test::MeterRun;

// "46494e53", length, command 2, no error, frame.
std::string Wrap(const std::string& frame, const char* command = "00000002") {
  const std::size_t length = 8 + Hex(frame).size();
  char text[9];
  std::snprintf(text, sizeof text, "%08zx", length);
  return std::string("46494e53") + text + command + "00000000" + frame;
}
// From node 1 to node 2, or back.
std::string Ask(const char* sid, const std::string& command) {
  return std::string("800002000200000100") + sid + command;
}
std::string Reply(const char* sid, const std::string& command) {
  return std::string("c00002000100000200") + sid + command;
}

Conversation Tcp() {
  Conversation talk;
  talk.server_port = 9600;
  talk.Client(Wrap("00000000", "00000000")).Server(Wrap("0000000100000002", "00000001"));
  talk.Client(Wrap(Ask("01", "0101 82 0064 00 0002")));
  talk.Server(Wrap(Reply("01", "0101 0000 0007 0008")));
  talk.Client(Wrap(Ask("02", "0102 82 0064 00 0002 1111 2222")));
  talk.Server(Wrap(Reply("02", "0102 0000")));
  talk.Client(Wrap(Ask("03", "0402 ffff"))).Server(Wrap(Reply("03", "0402 2003")));
  talk.Client(Wrap(Ask("04", "0501")));
  talk.Server(Wrap(Reply("04",
                         "0501 0000 434a324d2d4350553331202020202020202020202020"
                         "30322e3031202020202020202020202020202020")));
  return talk;
}

const Transaction& Find(const MeterRun& run, std::string_view operation) {
  for (const Transaction& transaction : run.records.transactions) {
    if (transaction.operation == operation) return transaction;
  }
  static const Transaction kNone;
  ADD_FAILURE() << "no " << operation;
  return kNone;
}
std::string Detail(const Transaction& transaction, std::string_view key) {
  for (const auto& [name, text] : transaction.detail) {
    if (name == key) return text;
  }
  return "(none)";
}

TEST(FinsDecoder, OT01_AnyCutGivesTheSameFacts) {
  test::CheckInvariance(Tcp());
}

TEST(FinsDecoder, ReadsWritesAndStopsHaveTheirFields) {
  const Conversation talk = Tcp();
  const MeterRun run = test::Deliver(talk, test::WholeMessages(talk));
  ASSERT_EQ(run.records.transactions.size(), 4u);
  const Transaction& read = Find(run, "memory_area_read");
  EXPECT_EQ(read.address, 100u);
  EXPECT_EQ(read.quantity, 2u);
  EXPECT_EQ(read.values, (std::vector<std::int64_t>{7, 8}));
  EXPECT_FALSE(read.command);
  const Transaction& write = Find(run, "memory_area_write");
  EXPECT_EQ(write.values, (std::vector<std::int64_t>{0x1111, 0x2222}));
  EXPECT_TRUE(write.command);
  EXPECT_EQ(write.attack_technique, "T0855");
  EXPECT_EQ(write.unit, 2u);
  const Transaction& stop = Find(run, "stop");
  EXPECT_EQ(stop.attack_technique, "T0881");
  EXPECT_EQ(stop.status, TransactionStatus::kException);
  EXPECT_EQ(stop.exception, 0x2003u);
  EXPECT_EQ(Detail(Find(run, "controller_data_read"), "model"), "CJ2M-CPU31");
  EXPECT_EQ(run.records.flows[0].service, "fins");
}

TEST(FinsDecoder, OT08_UdpRolesComeFromTheFrame) {
  Conversation talk;
  talk.carrier = test::Carrier::kUdp;
  talk.server_port = talk.client_port = 9600;
  talk.Client(Ask("01", "0101 82 0064 00 0001")).Server(Reply("01", "0101 0000 0007"));
  talk.Client(Ask("02", "0401 ffff 04")).Server(Reply("02", "0401 0000"));
  const MeterRun run = test::Deliver(talk, test::WholeMessages(talk));
  ASSERT_EQ(run.records.transactions.size(), 2u);
  EXPECT_EQ(run.records.transactions[1].operation, "run");
  EXPECT_EQ(Detail(run.records.transactions[1], "mode"), "4");
  EXPECT_EQ(run.records.transactions[1].orig_ip.ToString(),
            run.records.transactions[0].orig_ip.ToString());
  test::CheckInvariance(talk);
}

TEST(FinsDecoder, OT06_OtherContentIsNotFins) {
  for (const char* const hex : {"474554202f20485454502f312e310d0a0d0a", "16030100c8010000c4",
                                "8000020000000000000000ff00ff", "c0000200010000020001010100"}) {
    for (const test::Carrier carrier : {test::Carrier::kTcp, test::Carrier::kUdp}) {
      Conversation talk;
      talk.carrier = carrier;
      talk.server_port = 9600;
      talk.Client(hex);
      const MeterRun run = test::Deliver(talk, test::WholeMessages(talk));
      EXPECT_TRUE(run.records.transactions.empty()) << hex;
    }
  }
}

TEST(FinsDecoder, OT07_EveryPrefixAndFlippedByteIsSurvived) {
  const std::vector<std::uint8_t> bytes =
      Hex(Wrap(Ask("01", "0102 82 0064 00 0002 1111 2222")) + Wrap(Ask("02", "0501")));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const std::uint8_t value : {std::uint8_t{0}, std::uint8_t{0xff}}) {
      Conversation talk;
      talk.server_port = 9600;
      std::vector<std::uint8_t> changed = bytes;
      changed[at] = value;
      talk.Add(true, changed);
      const MeterRun run = test::Deliver(talk, test::WholeMessages(talk));
      EXPECT_LE(run.records.transactions.size(), 2u);
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::fins
