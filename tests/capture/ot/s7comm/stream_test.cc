// S7comm however its stream is cut, repeated, torn or seen from one side only.
#include <gtest/gtest.h>

#include "tests/capture/ot/iso/support.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::s7comm {
namespace {

using test::Conversation;
using test::Dt;

// Read, write, identification, password, stop with an error, and a message in two TPDUs.
Conversation Talk() {
  Conversation talk;
  talk.server_port = 102;
  talk.Client(Dt("32010000 0101 0008 0000 f0000001000101e0"));
  talk.Server(Dt("32030000 0101 0008 0000 0000 f0000001000100f0"));
  talk.Client(Dt("32010000 0102 000e 0000 0401 120a10 04 0002 0001 84 000050"));
  talk.Server(Dt("32030000 0102 0002 0008 0000 0401 ff04 0020 1234abcd"));
  talk.Client(Dt("32010000 0103 000e 0005 0501 120a10 01 0001 0000 82 000002 0003 0001 01"));
  talk.Server(Dt("32030000 0103 0002 0001 0000 0501 ff"));
  talk.Client(Dt("32070000 0104 0008 0008 000112 04 11 44 01 00 ff09 0004 0011 0001"));
  talk.Server(
      Dt("32070000 0104 000c 0028 000112 08 12 84 01 01 00 00 0000 ff09 0024 0011 0001 001c "
         "0001 0001 36455337203331352d32454831342d304142302000c000030001"));
  talk.Client(Dt("32070000 0105 0008 000c 000112 04", false) +
              Dt("11 45 01 00 ff09 0008 213a1b1d6e681b1d"));
  talk.Server(Dt("32070000 0105 000c 0004 000112 08 12 85 01 02 00 00 d604 0a00 0000"));
  talk.Client(Dt("32010000 0106 0010 0000 29 0000000000 09 505f50524f4752414d"));
  talk.Server(Dt("32020000 0106 0000 0000 8500"));
  return talk;
}

TEST(S7Stream, OT01_AnyCutGivesTheSameFacts) {
  test::CheckCuts(Talk());
}
TEST(S7Stream, OT02_OT04_RepeatsAndWrongOrderGiveTheSameFacts) {
  test::CheckRepeatsAndOrder(Talk());
}
TEST(S7Stream, OT04_AGapCostsItsMessageOnly) {
  test::CheckGaps(Talk());
}
TEST(S7Stream, OT04_JoinedAnywhere) {
  test::CheckMidStream(Talk());
}
TEST(S7Stream, OT08_OneSided) {
  test::CheckOneSided(Talk());
}
TEST(S7Stream, OT12_CapturedShort) {
  test::CheckSnapLengths(Talk());
}
TEST(S7Stream, OT01_AnotherPort) {
  Conversation talk = Talk();
  talk.server_port = 1102;
  test::CheckCuts(talk);
}

// Every byte of every message wrong once: nothing but the message it is in is lost or odd.
TEST(S7Stream, OT12_AnyByteWrong) {
  const Conversation talk = Talk();
  for (std::size_t message = 2; message < talk.messages.size(); ++message) {
    for (std::size_t at = 0; at < talk.size_of(message); ++at) {
      for (const int wrong : {0x00, 0xff, 0x7f}) {
        Conversation bad = talk;
        bad.messages[message].bytes[at] = static_cast<std::uint8_t>(wrong);
        const auto run = test::Deliver(bad, test::WholeMessages(bad));
        EXPECT_LE(run.records.transactions.size(), 8u);
        EXPECT_GE(run.records.transactions.size(), 4u) << message << "@" << at;
      }
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::s7comm
