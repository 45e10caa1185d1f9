// DNP3 however its stream is cut, repeated, torn or seen from one side only.
#include <gtest/gtest.h>

#include "tests/capture/ot/dnp3/frames.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::dnp3 {
namespace {

using capture::test::Conversation;
using capture::test::Hex;

// Link status, a class poll answered in two frames, select and operate, an unsolicited report with
// its confirmation, a write, a refusal, a file.
Conversation Talk() {
  Conversation talk;
  talk.server_port = 20000;
  talk.Add(true, test::Frame(0xc9, 10, 1, {})).Add(false, test::Frame(0x0b, 1, 10, {}));
  talk.Add(true, test::Ask("c0 01 3c0206 3c0306 3c0406 3c0106"));
  test::Octets both = test::Frame(0x44, 1, 10, Hex("40 c0 81 0000 0101 00 00 09 ff03 1e02 00 00"));
  const test::Octets second = test::Frame(0x44, 1, 10, Hex("81 01 010100 010200"));
  both.insert(both.end(), second.begin(), second.end());
  talk.Add(false, both);
  talk.Add(true, test::Ask("c1 03 0c01 28 0100 0c00 03 01 64000000 64000000 00"));
  talk.Add(false, test::Reply("c1 81 0000 0c01 28 0100 0c00 03 01 64000000 64000000 00"));
  talk.Add(true, test::Ask("c2 04 0c01 28 0100 0c00 03 01 64000000 64000000 00"));
  talk.Add(false, test::Reply("c2 81 0000 0c01 28 0100 0c00 03 01 64000000 64000000 00"));
  talk.Add(false, test::Reply("f0 82 0000 0201 17 01 07 81"));
  talk.Add(true, test::Ask("d0 00"));
  talk.Add(true, test::Ask("c3 02 5001 00 07 07 00")).Add(false, test::Reply("c3 81 0000"));
  talk.Add(true, test::Ask("c4 0d")).Add(false, test::Reply("c4 81 0001"));
  return talk;
}

TEST(Dnp3Stream, OT01_AnyCutGivesTheSameFacts) {
  capture::test::CheckCuts(Talk());
}
TEST(Dnp3Stream, OT02_OT04_RepeatsAndWrongOrderGiveTheSameFacts) {
  capture::test::CheckRepeatsAndOrder(Talk());
}
TEST(Dnp3Stream, OT04_AGapCostsItsMessageOnly) {
  capture::test::CheckGaps(Talk());
}
TEST(Dnp3Stream, OT04_JoinedAnywhere) {
  capture::test::CheckMidStream(Talk());
}
TEST(Dnp3Stream, OT08_OneSided) {
  capture::test::CheckOneSided(Talk());
}
TEST(Dnp3Stream, OT12_CapturedShort) {
  capture::test::CheckSnapLengths(Talk());
}
TEST(Dnp3Stream, OT01_UdpAndAnotherPort) {
  Conversation talk = Talk();
  talk.carrier = capture::test::Carrier::kUdp;
  capture::test::CheckInvariance(talk);
  talk.carrier = capture::test::Carrier::kTcp;
  talk.server_port = 4000;
  capture::test::CheckCuts(talk);
}

}  // namespace
}  // namespace tapiary::capture::dnp3
