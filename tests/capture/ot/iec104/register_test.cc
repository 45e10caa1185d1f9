#include "capture/ot/iec104/register.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/iec104/apdu.h"

namespace tapiary::capture::iec104 {
namespace {

using test::Octets;

OtRecognition Look(const Octets& side0, const Octets& side1, bool usual_port = false) {
  OtGuess guess;
  guess.bytes[0] = side0;
  guess.bytes[1] = side1;
  guess.usual_port = usual_port;
  guess.server_side = usual_port ? 1 : -1;
  return Recognise(guess);
}

const Octets kReport = test::IFrame(0, 0, "0101 0300 0a00 640000 00");
const Octets kCommand = test::IFrame(0, 0, "2d01 0600 0a00 640000 01");

TEST(Iec104Recognise, OneApduOnItsPortTwoElsewhere) {
  EXPECT_EQ(Look(test::UFrame(0x43), {}, true).verdict, OtVerdict::kYes);
  EXPECT_EQ(Look(test::UFrame(0x43), {}).verdict, OtVerdict::kMore);
  EXPECT_EQ(Look(test::UFrame(0x43), test::UFrame(0x83)).verdict, OtVerdict::kYes);
  Octets two = kReport;
  two.insert(two.end(), kReport.begin(), kReport.end());
  EXPECT_EQ(Look(two, {}).verdict, OtVerdict::kYes);
}

TEST(Iec104Recognise, OT06_ForeignContent) {
  for (const std::string_view hex :
       {"474554202f20485454502f312e31", "16030100c8010000c40303", "5353482d322e30",
        "0300002f2ae00000000000436f6f6b69653a", "68656c6c6f20776f726c64", "680468046804"}) {
    EXPECT_EQ(Look(capture::test::Hex(hex), {}, true).verdict, OtVerdict::kNo) << hex;
  }
}

TEST(Iec104Recognise, ContentTellsWhoAsks) {
  EXPECT_EQ(Look(test::UFrame(0x07), test::UFrame(0x0b)).client_side, 0);
  EXPECT_EQ(Look(test::UFrame(0x0b), test::UFrame(0x07)).client_side, 1);
  EXPECT_EQ(Look(kReport, kCommand).client_side, 1);
  EXPECT_EQ(Look(kCommand, kReport).client_side, 0);
  EXPECT_EQ(Look({}, kReport, true).client_side, 0);
}

}  // namespace
}  // namespace tapiary::capture::iec104
