// EtherNet/IP however its stream is cut, repeated, torn or seen from one side only.
#include <gtest/gtest.h>

#include "tests/capture/ot/enip/messages.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::enip {
namespace {

using test::Conversation;
using test::Encapsulated;
using test::ForwardOpen;
using test::ForwardOpenReply;
using test::Multiple;
using test::RrData;
using test::UnconnectedSend;
using test::UnitData;

constexpr std::uint32_t kOToT = 0x00790b01;
constexpr std::uint32_t kTToO = 0x80fe0013;

// Session, identification through a route, a connection with tags, a packet of three messages of
// which one fails, PCCC, a refusal, an attribute write, a restart.
Conversation Talk() {
  Conversation talk;
  talk.server_port = 44818;
  talk.Client(Encapsulated(0x65, 0, 0x11, "01000000"));
  talk.Server(Encapsulated(0x65, 0x11020100, 0x11, "01000000"));
  talk.Client(RrData(1, UnconnectedSend("01 02 20 01 24 01")));
  talk.Server(RrData(1, "81 00 00 00" + test::IdentityData()));
  talk.Client(RrData(2, ForwardOpen(20, kTToO)));
  talk.Server(RrData(2, ForwardOpenReply(20, kOToT, kTToO)));
  talk.Client(UnitData(kOToT, 1, "4c 04 91 05" + test::Text("speed") + "00 0100"));
  talk.Server(UnitData(kTToO, 1, "cc 00 00 00 c400 d2040000"));
  talk.Client(UnitData(kOToT, 2, "4d 04 91 05" + test::Text("speed") + "00 c400 0100 39300000"));
  talk.Server(UnitData(kTToO, 2, "cd 00 00 00"));
  talk.Client(UnitData(
      kOToT, 3,
      Multiple("0a 02 20 02 24 01", {"0e 03 20 01 24 01 30 07", "03 02 20 8b 24 01 0100 0600",
                                     "0e 03 20 f5 24 01 30 63"})));
  talk.Server(UnitData(
      kTToO, 3,
      Multiple("8a 00 1e 00", {"8e 00 00 00 03 414243",
                               "83 00 00 00 0100 0600 0000 0073b4ea05f45904", "8e 00 14 00"})));
  talk.Client(RrData(3, "4b 02 20 67 24 01 07 4d00 f32b9532 0f 00 0100 aa 02 07 89 00 00 2a00"));
  talk.Server(RrData(3, "cb 00 00 00 07 4d00 f32b9532 4f 00 0100"));
  talk.Client(RrData(4, "10 03 20 64 24 01 30 09 0100"));
  talk.Server(RrData(4, "90 00 05 00"));
  talk.Client(RrData(5, "05 02 20 01 24 01 01")).Server(RrData(5, "85 00 00 00"));
  talk.Client(Encapsulated(0x63, 0, 0x77, ""));
  talk.Server(Encapsulated(
      0x63, 0, 0x77,
      "0100 0c00 2d00 0100 0002af12c0a80a780000000000000000" + test::IdentityData() + "03"));
  return talk;
}

TEST(EnipStream, OT01_AnyCutGivesTheSameFacts) {
  test::CheckCuts(Talk());
}
TEST(EnipStream, OT02_OT04_RepeatsAndWrongOrderGiveTheSameFacts) {
  test::CheckRepeatsAndOrder(Talk());
}
TEST(EnipStream, OT04_AGapCostsItsMessageOnly) {
  test::CheckGaps(Talk());
}
TEST(EnipStream, OT04_JoinedAnywhere) {
  test::CheckMidStream(Talk());
}
TEST(EnipStream, OT08_OneSided) {
  test::CheckOneSided(Talk());
}
TEST(EnipStream, OT12_CapturedShort) {
  test::CheckSnapLengths(Talk());
}
TEST(EnipStream, OT01_AnotherPort) {
  Conversation talk = Talk();
  talk.messages.resize(6);
  talk.server_port = 2222;
  test::CheckCuts(talk);
}

TEST(EnipStream, OT04_UdpCommandsSeenInPart) {
  Conversation talk;
  talk.carrier = test::Carrier::kUdp;
  talk.server_port = 44818;
  for (std::uint8_t i = 1; i < 4; ++i) {
    talk.Client(Encapsulated(0x63, 0, i, ""));
    talk.Server(Encapsulated(
        0x63, 0, i,
        "0100 0c00 2d00 0100 0002af12c0a80a780000000000000000" + test::IdentityData() + "03"));
  }
  test::CheckInvariance(talk);
}

}  // namespace
}  // namespace tapiary::capture::enip
