// C37.118 however its stream is cut, repeated, torn or seen from one side only.
#include <gtest/gtest.h>

#include "tests/capture/ot/support/invariance.h"
#include "tests/capture/ot/synchrophasor/frames.h"

namespace tapiary::capture::synchrophasor {
namespace {

using capture::test::Conversation;

Conversation Talk() {
  Conversation talk;
  talk.server_port = 4712;
  // An answered command first: while a flow is not recognised yet, a hole in one direction takes
  // the segment behind it along.
  talk.Add(true, test::Command(5)).Add(false, test::Configuration());
  talk.Add(true, test::Command(1));
  talk.Add(true, test::Command(3)).Add(false, test::Frame(1, "68656c6c6f"));
  talk.Add(true, test::Command(2));
  talk.Add(false, test::Frame(0, "0000 41200000 0000"))
      .Add(false, test::Frame(0, "0000 4120 0001"));
  return talk;
}

TEST(SynchrophasorStream, OT01_AnyCutGivesTheSameFacts) {
  capture::test::CheckCuts(Talk());
}
TEST(SynchrophasorStream, OT02_OT04_RepeatsAndWrongOrderGiveTheSameFacts) {
  capture::test::CheckRepeatsAndOrder(Talk());
}
TEST(SynchrophasorStream, OT04_GapsAndMidStream) {
  capture::test::CheckGaps(Talk());
  capture::test::CheckMidStream(Talk());
}
TEST(SynchrophasorStream, OT08_OT12_OneSidedAndCapturedShort) {
  capture::test::CheckOneSided(Talk());
  capture::test::CheckSnapLengths(Talk());
}
TEST(SynchrophasorStream, OT01_UdpAndAnotherPort) {
  Conversation talk = Talk();
  talk.carrier = capture::test::Carrier::kUdp;
  talk.server_port = 4713;
  capture::test::CheckInvariance(talk);
  talk.server_port = 5713;
  capture::test::CheckCuts(talk);
}

}  // namespace
}  // namespace tapiary::capture::synchrophasor
