// OPC UA however its stream is cut, repeated, torn or seen from one side only.
#include <gtest/gtest.h>

#include "tests/capture/ot/opcua/bytes.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::opcua {
namespace {

test::Conversation Talk() {
  test::Conversation talk;
  talk.server_port = 4840;
  talk.Client(Hello("opc.tcp://p")).Server(Ack());
  talk.Client(Open(0, "None", 1, OpenRequest())).Server(Open(7, "None", 1, OpenResponse()));
  talk.Client(Chunk7("MSGF", 2, 2, WriteOf("P")));
  talk.Server(Chunk7("MSGF", 2, 2, Response(676, Le32(1) + Le32(0) + Le32(UINT32_MAX))));
  talk.Client(Chunk7("MSGF", 3, 3, WriteOf("Q")));
  talk.Server(Chunk7("MSGF", 3, 3, Response(kServiceFault, "", 0x80250000)));
  return talk;
}

TEST(OpcuaStream, OT01_AnyCutGivesTheSameFacts) {
  test::CheckCuts(Talk());
}
TEST(OpcuaStream, OT02_OT04_RepeatsAndWrongOrderGiveTheSameFacts) {
  test::CheckRepeatsAndOrder(Talk());
}
TEST(OpcuaStream, OT08_OneSideAlone) {
  test::CheckOneSided(Talk());
}
TEST(OpcuaStream, OT04_JoinedAnywhere) {
  test::CheckMidStream(Talk());
}
TEST(OpcuaStream, OT04_AGapCostsItsMessageOnly) {
  test::CheckGaps(Talk());
}
TEST(OpcuaStream, OT12_CapturedShort) {
  test::CheckSnapLengths(Talk());
}

}  // namespace
}  // namespace tapiary::capture::opcua
