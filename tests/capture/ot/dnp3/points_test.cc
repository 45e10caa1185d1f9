#include "capture/ot/dnp3/points.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/dnp3/frames.h"

namespace tapiary::capture::dnp3 {
namespace {

using capture::test::Hex;

std::string Points(std::string_view hex) {
  const std::vector<std::uint8_t> bytes = Hex(hex);
  base::ByteCursor cursor(bytes);
  ObjectHeader header;
  EXPECT_EQ(NextHeader(cursor, true, header), HeaderResult::kHeader) << hex;
  std::string words;
  AddPoints(header, words);
  return words;
}

TEST(Dnp3Points, Values) {
  EXPECT_EQ(Points("0101 00 03 05 05"), "bi3=1 bi4=0 bi5=1");
  EXPECT_EQ(Points("0201 17 01 07 81"), "bi7=1");
  EXPECT_EQ(Points("0301 00 00 01 09"), "di0=1 di1=2");
  EXPECT_EQ(Points("1e01 00 04 04 01 feffffff"), "ai4=-2");
  EXPECT_EQ(Points("1e04 00 00 01 0500 fbff"), "ai0=5 ai1=-5");
  EXPECT_EQ(Points("1e05 00 00 00 01 0000c03f"), "ai0=1.5");
  EXPECT_EQ(Points("1e06 00 00 00 01 000000000000f83f"), "ai0=1.5");
  EXPECT_EQ(Points("1405 00 00 00 ffffffff"), "ct0=4294967295");
  EXPECT_EQ(Points("5001 00 07 07 00"), "iin7=0");
  EXPECT_EQ(Points("3c01 06"), "");
}

Control ReadOne(std::string_view hex) {
  const std::vector<std::uint8_t> bytes = Hex(hex);
  base::ByteCursor cursor(bytes);
  ObjectHeader header;
  EXPECT_EQ(NextHeader(cursor, true, header), HeaderResult::kHeader) << hex;
  EXPECT_TRUE(IsControl(header));
  ObjectWalk walk(header);
  Object object;
  Control control;
  EXPECT_TRUE(walk.Next(object));
  EXPECT_TRUE(ReadControl(header, object, control));
  return control;
}

TEST(Dnp3Points, ControlRelayOutputBlock) {
  const Control latch = ReadOne("0c01 28 0100 0c00 03 01 64000000 c8000000 00");
  EXPECT_EQ(latch.index, 12u);
  EXPECT_EQ(latch.value, 3);
  EXPECT_EQ(latch.text, "12:latch_on count=1 on=100 off=200");
  const Control trip = ReadOne("0c01 17 01 05 81 02 00000000 00000000 04");
  EXPECT_EQ(trip.text, "5:pulse_on trip count=2 on=0 off=0");
  EXPECT_EQ(trip.status, 4);
  EXPECT_EQ(ReadOne("0c01 17 01 05 0f 02 00000000 00000000 00").text,
            "5:operation_15 count=2 on=0 off=0");
}

TEST(Dnp3Points, AnalogueOutputs) {
  EXPECT_EQ(ReadOne("2901 17 01 03 feffffff 00").value, -2);
  EXPECT_EQ(ReadOne("2902 17 01 03 0100 07").status, 7);
  const Control real = ReadOne("2903 17 01 03 0000c03f 00");
  EXPECT_EQ(real.text, "3=1.5");
  EXPECT_EQ(real.value, 1);
  EXPECT_EQ(ReadOne("2904 17 01 03 ffffffffffffffff 00").value, 0);  // not a number
}

}  // namespace
}  // namespace tapiary::capture::dnp3
