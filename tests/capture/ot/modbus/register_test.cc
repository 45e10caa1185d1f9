#include "capture/ot/modbus/register.h"

#include <gtest/gtest.h>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::modbus {
namespace {

using test::Adu;
using test::Hex;

class RecogniseTest : public ::testing::Test {
 protected:
  OtRecognition Look(const std::string& side0, const std::string& side1, bool usual_port,
                     int server_side) {
    bytes_[0] = Hex(side0);
    bytes_[1] = Hex(side1);
    OtGuess guess;
    guess.bytes[0] = bytes_[0];
    guess.bytes[1] = bytes_[1];
    guess.usual_port = usual_port;
    guess.server_side = server_side;
    return Recognise(guess);
  }
  std::vector<std::uint8_t> bytes_[2];
  const std::string request_ = Adu(1, 1, "0300000002");
  const std::string response_ = Adu(1, 1, "030400010002");
};

TEST_F(RecogniseTest, OneAduIsEnoughOnTheUsualPort) {
  EXPECT_EQ(Look(request_, "", true, 1).verdict, OtVerdict::kYes);
  EXPECT_EQ(Look(request_, "", true, 1).client_side, 0);
  EXPECT_EQ(Look("", response_, true, 1).verdict, OtVerdict::kYes);
  EXPECT_EQ(Look("", response_, true, 1).client_side, 0);
}

TEST_F(RecogniseTest, EveryPrefixAsksForMore) {
  for (std::size_t size = 2; size < request_.size(); size += 2) {
    EXPECT_EQ(Look(request_.substr(0, size), "", true, 1).verdict, OtVerdict::kMore) << size;
  }
}

TEST_F(RecogniseTest, OT06_WrongBytesAreNo) {
  EXPECT_EQ(Look("0001000100060103", "", true, 1).verdict, OtVerdict::kNo);  // protocol id
  EXPECT_EQ(Look("0001000000010103", "", true, 1).verdict, OtVerdict::kNo);  // length 1
  EXPECT_EQ(Look("0001000010000103", "", true, 1).verdict, OtVerdict::kNo);
  EXPECT_EQ(Look("000100000008010300", "", true, 1).verdict, OtVerdict::kNo);  // a read has 6
}

TEST_F(RecogniseTest, OT06_WellFramedUnknownFunctionsAreEvents) {
  EXPECT_EQ(Look(Adu(1, 1, "420102"), "", true, 1).verdict, OtVerdict::kYes);
  EXPECT_EQ(Look(Adu(1, 1, "420102") + "ffffffffffff", "", true, 1).verdict, OtVerdict::kNo);
}

TEST_F(RecogniseTest, ElsewhereItTakesBothSides) {
  EXPECT_EQ(Look(request_, "", false, -1).verdict, OtVerdict::kMore);
  const OtRecognition both = Look(response_, request_, false, -1);
  EXPECT_EQ(both.verdict, OtVerdict::kYes);
  EXPECT_EQ(both.client_side, 1);
  EXPECT_EQ(Look(request_, Adu(2, 1, "030400010002"), false, -1).verdict, OtVerdict::kNo);
  EXPECT_EQ(Look(request_, "485454502f312e31", false, -1).verdict, OtVerdict::kNo);
}

TEST_F(RecogniseTest, ShortCaptureOfAGoodHeaderIsEnough) {
  bytes_[0] = Hex(request_.substr(0, 20));
  OtGuess guess;
  guess.bytes[0] = bytes_[0];
  guess.usual_port = true;
  guess.server_side = 1;
  EXPECT_EQ(Recognise(guess).verdict, OtVerdict::kMore);
  guess.cut[0] = true;
  EXPECT_EQ(Recognise(guess).verdict, OtVerdict::kYes);
}

}  // namespace
}  // namespace tapiary::capture::modbus
