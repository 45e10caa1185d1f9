// BACnet repeated, cut short, one-sided and joined late.
#include <gtest/gtest.h>

#include "tests/capture/ot/bacnet/bytes.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::bacnet {
namespace {

test::Conversation Talk() {
  test::Conversation talk;
  talk.carrier = test::Carrier::kUdp;
  talk.server_port = 47808;
  talk.Client(Unicast("0005010c 0c00000005 1955"));
  talk.Server(Unicast("30010c 0c00000005 1955 3e4442c800003f"));
  talk.Client(Unicast("0005020f 0c01000003 1955 3e91013f 4908")).Server(Unicast("20020f"));
  talk.Client(Unicast("00050314 0901")).Server(Unicast("500314 9105 911a"));
  talk.Client(Unicast("0005040c 0c00000009 1955")).Server(Unicast("600404"));
  return talk;
}

TEST(BacnetStream, OT08_OneSideAlone) {
  test::CheckOneSided(Talk());
}
TEST(BacnetStream, OT04_JoinedAtEachMessage) {
  test::CheckMidStream(Talk());
}
TEST(BacnetStream, OT04_EachMessageLost) {
  test::CheckGaps(Talk());
}
TEST(BacnetStream, OT12_CapturedShort) {
  test::CheckSnapLengths(Talk());
}

}  // namespace
}  // namespace tapiary::capture::bacnet
