#include "capture/ot/profinet/register.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/profinet/dcp_frames.h"
#include "tests/capture/ot/support/conversation.h"

namespace tapiary::capture::profinet {
namespace {

test::MeterRun RunFrames(const std::vector<std::pair<bool, std::string>>& frames) {
  test::Conversation talk;
  talk.carrier = test::Carrier::kEther;
  talk.ether_type = 0x8892;
  for (const auto& [client, hex] : frames) client ? talk.Client(hex) : talk.Server(hex);
  return test::Deliver(talk, test::WholeMessages(talk));
}

// OT-14: found on layer 2, one flow with both kinds, the asker is the originator.
TEST(ProfinetRegister, OT14_OneFlowBothKinds) {
  const std::string set = Dcp("fefd", "0400", DcpBlock("0505", "0000"));
  const std::string answer = Dcp("fefd", "0401", DcpBlock("0504", "0505 00"));
  const std::string cyclic = "8001" + std::string(80, '0') + "0020 35 00";
  const test::MeterRun dcp = RunFrames({{true, set}, {false, answer}});
  ASSERT_EQ(dcp.records.transactions.size(), 1u);
  EXPECT_EQ(dcp.records.flows.at(0).service, "profinet-dcp");
  EXPECT_EQ(FormatMac(dcp.records.transactions[0].orig_mac), "02:00:00:00:00:01");
  EXPECT_EQ(dcp.records.transactions[0].attack_technique, "T0809");
  const test::MeterRun both = RunFrames({{true, set}, {false, answer}, {false, cyclic}});
  EXPECT_EQ(both.records.flows.at(0).service, "profinet-rt");
  EXPECT_EQ(both.records.transactions.size(), 3u);
  const test::MeterRun joined = RunFrames({{false, answer}, {true, set}});
  EXPECT_EQ(FormatMac(joined.records.transactions.at(0).orig_mac), "02:00:00:00:00:01");
}

TEST(ProfinetRegister, CmOnAnyPortButNothingElse) {
  const auto judge = [](const std::string& hex, bool usual) {
    const std::vector<std::uint8_t> bytes = test::Hex(hex);
    OtGuess guess;
    guess.bytes[0] = bytes;
    guess.datagram = true;
    guess.usual_port = usual;
    return RecogniseCm(guess).verdict;
  };
  EXPECT_EQ(judge(Rpc{.body = Ndr("")}.Hex(), true), OtVerdict::kYes);
  EXPECT_EQ(judge(Rpc{.body = Ndr("")}.Hex(), false), OtVerdict::kYes);
  // A flow of nothing but answers, from a port of the device's choice.
  EXPECT_EQ(judge(Rpc{.type = 2, .body = Ndr("")}.Hex(), false), OtVerdict::kYes);
  EXPECT_EQ(judge(std::string(400, '0'), true), OtVerdict::kNo);
  EXPECT_EQ(judge("04" + std::string(400, '0'), false), OtVerdict::kNo);
  EXPECT_EQ(judge("474554202f20485454502f312e31", true), OtVerdict::kNo);
}

}  // namespace
}  // namespace tapiary::capture::profinet
