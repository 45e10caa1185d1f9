#include "capture/ot/synchrophasor/register.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/synchrophasor/frames.h"

namespace tapiary::capture::synchrophasor {
namespace {

OtRecognition Look(const test::Octets& side0, const test::Octets& side1) {
  OtGuess guess;
  guess.bytes[0] = side0;
  guess.bytes[1] = side1;
  return Recognise(guess);
}

TEST(SynchrophasorRecognise, AChecksumIsEnough) {
  EXPECT_EQ(Look(test::Command(1), {}).verdict, OtVerdict::kYes);
  test::Octets bad = test::Command(1);
  bad.back() ^= 1;
  EXPECT_EQ(Look(bad, {}).verdict, OtVerdict::kNo);
  EXPECT_EQ(Look(capture::test::Hex("aa41"), {}).verdict, OtVerdict::kMore);
}

TEST(SynchrophasorRecognise, CommandsTellWhoAsks) {
  EXPECT_EQ(Look(test::Command(1), {}).client_side, 0);
  EXPECT_EQ(Look(test::Frame(0, "0000"), {}).client_side, 1);
  EXPECT_EQ(Look(test::Frame(0, "0000"), test::Command(5)).client_side, 1);
}

TEST(SynchrophasorRecognise, OT06_ForeignContent) {
  for (const std::string_view hex : {"474554202f", "1603010200", "5353482d32", "aaaaaaaa"}) {
    EXPECT_EQ(Look(capture::test::Hex(hex), {}).verdict, OtVerdict::kNo) << hex;
  }
}

}  // namespace
}  // namespace tapiary::capture::synchrophasor
