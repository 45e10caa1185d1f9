#include "capture/ot/iec104/elements.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::iec104 {
namespace {

using capture::test::Hex;

ElementValue Read(std::uint8_t type, std::string_view hex) {
  ElementValue value;
  EXPECT_TRUE(ReadElement(*FindType(type), Hex(hex), value)) << hex;
  return value;
}

TEST(Iec104Elements, Reports) {
  EXPECT_EQ(Read(1, "81").number, 1);
  EXPECT_EQ(QualityText(Read(1, "81").quality), "iv");
  EXPECT_EQ(Read(3, "02").number, 2);
  EXPECT_EQ(Read(5, "7f 00").number, -1);
  EXPECT_EQ(Read(7, "ffffffff 00").number, 4294967295);
  EXPECT_EQ(Read(9, "0080 01").number, -32768);
  EXPECT_EQ(QualityText(Read(9, "0080 71").quality), "ov,bl,sb,nt");
  EXPECT_EQ(Read(13, "0000c03f 00").text, "1.5");
  EXPECT_FALSE(Read(13, "0000c03f 00").number.has_value());
  EXPECT_EQ(Read(15, "ffffffff 00").number, -1);
}

TEST(Iec104Elements, Commands) {
  const ElementValue select = Read(45, "85");
  EXPECT_EQ(select.number, 1);
  EXPECT_TRUE(select.select);
  EXPECT_EQ(select.qualifier, 1);
  EXPECT_FALSE(Read(46, "02").select);
  EXPECT_EQ(Read(47, "01").number, 1);
  EXPECT_EQ(Read(49, "ffff 80").number, -1);
  EXPECT_TRUE(Read(49, "ffff 80").select);
  EXPECT_EQ(Read(50, "0000c03f 00").text, "1.5");
  EXPECT_EQ(Read(100, "14").qualifier, 20);
}

TEST(Iec104Elements, Times) {
  EXPECT_EQ(LongTimeText(*FindType(103), Hex("c832 39 08 1d 08 08")), "2008-08-29T08:57:13.000");
  EXPECT_EQ(LongTimeText(*FindType(103), Hex("c832 b9 88 1d 08 08")),
            "2008-08-29T08:57:13.000 invalid summer");
  EXPECT_EQ(LongTimeText(*FindType(103), Hex("000000000000 00")), "");
  EXPECT_EQ(LongTimeText(*FindType(1), Hex("01")), "");
}

TEST(Iec104Elements, OT12_Short) {
  ElementValue value;
  EXPECT_FALSE(ReadElement(*FindType(36), Hex("0000"), value));
  EXPECT_FALSE(ReadElement(*FindType(45), {}, value));
  EXPECT_EQ(LongTimeText(*FindType(36), Hex("00000000000000")), "");
}

}  // namespace
}  // namespace tapiary::capture::iec104
