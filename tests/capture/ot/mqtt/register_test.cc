#include "capture/ot/mqtt/register.h"

#include <gtest/gtest.h>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::mqtt {
namespace {

OtVerdict Look(const char* hex, bool usual_port) {
  const std::vector<std::uint8_t> bytes = test::Hex(hex);
  OtGuess guess;
  guess.bytes[0] = bytes;
  guess.usual_port = usual_port;
  return Recognise(guess).verdict;
}

TEST(MqttRecognise, AConnectOnAnyPort) {
  EXPECT_EQ(Look("100f 00044d515454 04 02 003c 0003646576", false), OtVerdict::kYes);
  EXPECT_EQ(Look("1011 00064d5149736470 03 02 003c 0003646576", false), OtVerdict::kYes);
  EXPECT_EQ(Look("100f 00044d51", false), OtVerdict::kMore);
}

TEST(MqttRecognise, OT08_MidstreamOnTheUsualPortOnly) {
  EXPECT_EQ(Look("3009 0003612f62 6f70656e c000", true), OtVerdict::kYes);
  EXPECT_EQ(Look("3009 0003612f62 6f70656e c000", false), OtVerdict::kNo);
}

TEST(MqttRecognise, OT06_OthersAreNot) {
  for (const char* const hex :
       {"474554202f20485454502f312e310d0a", "160301020001000001fc0303", "5353482d322e302d4f70656e",
        "030000130ee0000000000001", "100f 00044d515455 04 02 003c 0003646576"}) {
    EXPECT_NE(Look(hex, true), OtVerdict::kYes) << hex;
    EXPECT_NE(Look(hex, false), OtVerdict::kYes) << hex;
  }
}

}  // namespace
}  // namespace tapiary::capture::mqtt
