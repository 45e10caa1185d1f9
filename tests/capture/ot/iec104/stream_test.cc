// IEC 104 however its stream is cut, repeated, torn or seen from one side only.
#include <gtest/gtest.h>

#include "tests/capture/ot/iec104/apdu.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::iec104 {
namespace {

using capture::test::Conversation;
using test::IFrame;

// Start, interrogation with its reports, select, execute, a refusal, a set-point, a test.
Conversation Talk() {
  Conversation talk;
  talk.server_port = 2404;
  talk.Add(true, test::UFrame(0x07)).Add(false, test::UFrame(0x0b));
  talk.Add(true, IFrame(0, 0, "6401 0600 0a00 000000 14"));
  talk.Add(false, IFrame(0, 1, "6401 0700 0a00 000000 14"));
  talk.Add(false, IFrame(1, 1, "0183 1400 0a00 640000 00 81 01"));
  talk.Add(false, IFrame(2, 1, "0d01 1400 0a00 c80000 0000c03f 00"));
  talk.Add(false, IFrame(3, 1, "6401 0a00 0a00 000000 14"));
  talk.Add(true, IFrame(1, 4, "2e01 0600 0a00 e90300 82"));
  talk.Add(false, IFrame(4, 2, "2e01 0700 0a00 e90300 82"));
  talk.Add(true, IFrame(2, 5, "2e01 0600 0a00 ea0300 02"));
  talk.Add(false, IFrame(5, 3, "2e01 0700 0a00 ea0300 02"));
  talk.Add(false, IFrame(6, 3, "2e01 0a00 0a00 ea0300 02"));
  talk.Add(true, IFrame(3, 7, "2d01 0600 0a00 ff0300 01"));
  talk.Add(false, IFrame(7, 4, "2d01 6f00 0a00 ff0300 01"));
  talk.Add(true, test::UFrame(0x43)).Add(false, test::UFrame(0x83));
  return talk;
}

TEST(Iec104Stream, OT01_OT10_AnyCutGivesTheSameFacts) {
  capture::test::CheckCuts(Talk());
}
TEST(Iec104Stream, OT02_OT04_RepeatsAndWrongOrderGiveTheSameFacts) {
  capture::test::CheckRepeatsAndOrder(Talk());
}
TEST(Iec104Stream, OT04_AGapCostsItsMessageOnly) {
  capture::test::CheckGaps(Talk());
}
TEST(Iec104Stream, OT04_JoinedAnywhere) {
  capture::test::CheckMidStream(Talk());
}
TEST(Iec104Stream, OT08_OneSided) {
  capture::test::CheckOneSided(Talk());
}
TEST(Iec104Stream, OT12_CapturedShort) {
  capture::test::CheckSnapLengths(Talk());
}
TEST(Iec104Stream, OT10_AnotherPort) {
  Conversation talk = Talk();
  talk.server_port = 12404;
  capture::test::CheckCuts(talk);
}

}  // namespace
}  // namespace tapiary::capture::iec104
