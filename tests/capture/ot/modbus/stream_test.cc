// Modbus however its stream is cut, repeated, torn or seen from one side only.
#include <gtest/gtest.h>

#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::modbus {
namespace {

using test::Adu;
using test::Conversation;

// Reads, writes, a read-write, an exception, device identification, and three requests in a row.
Conversation Talk() {
  Conversation talk;
  talk.server_port = 502;
  talk.Client(Adu(1, 17, "03 006b 0003")).Server(Adu(1, 17, "03 06 022b 1111 0064"));
  talk.Client(Adu(2, 17, "10 0001 0002 04 000a 0102")).Server(Adu(2, 17, "10 0001 0002"));
  talk.Client(Adu(3, 17, "01 0013 0025")).Server(Adu(3, 17, "01 05 cd6bb20e1b"));
  talk.Client(Adu(4, 17, "17 0003 0006 000e 0003 06 00ff00ff00ff"));
  talk.Server(Adu(4, 17, "17 0c 00fe 0acd 0001 0003 000d 00ff"));
  talk.Client(Adu(5, 17, "04 ffff 0001")).Server(Adu(5, 17, "84 02"));
  talk.Client(Adu(6, 1, "2b 0e 01 00")).Server(Adu(6, 1, "2b 0e 01 01 00 00 01 00 03 414243"));
  talk.Client(Adu(7, 1, "05 00ac ff00")).Client(Adu(8, 2, "06 0001 0003"));
  talk.Client(Adu(9, 3, "02 00c4 0016"));
  talk.Server(Adu(8, 2, "06 0001 0003")).Server(Adu(7, 1, "05 00ac ff00"));
  talk.Server(Adu(9, 3, "02 03 acdb35"));
  talk.Client(Adu(10, 1, "03 0000 0002")).Server(Adu(10, 1, "03 04 0001 0002"));
  return talk;
}

TEST(ModbusStream, OT01_AnyCutGivesTheSameFacts) {
  test::CheckCuts(Talk());
}
TEST(ModbusStream, OT02_OT04_RepeatsAndWrongOrderGiveTheSameFacts) {
  test::CheckRepeatsAndOrder(Talk());
}
TEST(ModbusStream, OT04_AGapCostsItsMessageOnly) {
  test::CheckGaps(Talk());
}
TEST(ModbusStream, OT04_JoinedAnywhere) {
  test::CheckMidStream(Talk());
}
TEST(ModbusStream, OT08_OneSided) {
  test::CheckOneSided(Talk());
}
TEST(ModbusStream, OT12_CapturedShort) {
  test::CheckSnapLengths(Talk());
}

TEST(ModbusStream, OT01_UdpAndAnotherPort) {
  Conversation talk = Talk();
  talk.carrier = test::Carrier::kUdp;
  test::CheckInvariance(talk);
  talk.carrier = test::Carrier::kTcp;
  talk.server_port = 1502;
  test::CheckCuts(talk);
}

}  // namespace
}  // namespace tapiary::capture::modbus
