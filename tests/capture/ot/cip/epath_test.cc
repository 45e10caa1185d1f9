#include "capture/ot/cip/epath.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/capture/ot/enip/messages.h"

namespace tapiary::capture::cip {
namespace {

using test::Hex;

Epath Parse(const std::string& hex) {
  return ParseEpath(Hex(hex));
}

TEST(Epath, LogicalSegmentsOfAllSizes) {
  const Epath small = Parse("20 06 24 01 30 07");
  EXPECT_EQ(small.class_id, 6u);
  EXPECT_EQ(small.instance, 1u);
  EXPECT_EQ(small.attribute, 7u);
  EXPECT_FALSE(small.bad);
  const Epath large = Parse("21 00 1703 25 00 d5bf 26 00 78563412");
  EXPECT_EQ(large.class_id, 0x0317u);
  EXPECT_EQ(large.instance, 0xbfd5u);
  EXPECT_FALSE(large.bad);
  EXPECT_EQ(Parse("20 04 24 65 2c 66 2c 67").connection_points, "102 103");
}

TEST(Epath, TagsWithMembersAndIndexes) {
  const std::string path = "91 0c" + test::Text("Program:Main") + "91 05" + test::Text("valve") +
                           "00 28 03 91 04" + test::Text("open");
  EXPECT_EQ(Parse(path).tag, "Program:Main.valve[3].open");
  EXPECT_EQ(Parse("63" + test::Text("abc")).tag, "abc");
  EXPECT_EQ(Parse("20 72 24 01 28 05").member, 5u);
}

TEST(Epath, RoutesAndKeys) {
  EXPECT_EQ(Parse("01 00 12 0b" + test::Text("192.168.1.5") + "00").route, "1/0 2/192.168.1.5");
  EXPECT_EQ(Parse("0f 1200 05").route, "18/5");
  const Epath keyed = Parse("34 04 0100 0e00 3600 90 14 43 0a 20 02 24 01");
  ASSERT_TRUE(keyed.key.has_value());
  EXPECT_EQ(keyed.key->product_code, 54u);
  EXPECT_EQ(keyed.key->major, 16u);
  EXPECT_EQ(keyed.inhibit_ms, 10u);
  EXPECT_EQ(keyed.class_id, 2u);
}

TEST(Epath, OT12_WhatDoesNotFitIsBadAndEndsIt) {
  const char* const kBad[] = {"20",    "21 00 17", "91 ff 41", "91 05 4142", "e0 00", "3c 00",
                              "23 01", "34 05 00", "00 00",    "60 00",      "50 ff", "10"};
  for (const char* const hex : kBad) {
    EXPECT_TRUE(Parse(hex).bad) << hex;
    EXPECT_FALSE(IsEpath(Hex(hex))) << hex;
  }
  const Epath half = Parse("20 06 24 01 21 00");
  EXPECT_TRUE(half.bad);
  EXPECT_EQ(half.instance, 1u);
  EXPECT_FALSE(IsEpath({}));
}

TEST(Epath, OT12_TextIsBounded) {
  std::string path;
  for (int i = 0; i < 200; ++i) path += "91 02 4141 28 09";
  EXPECT_LE(Parse(path).tag.size(), kMaxTagBytes + 8);
  std::string route;
  for (int i = 0; i < 250; ++i) route += "01 09";
  EXPECT_LE(Parse(route).route.size(), 140u);
}

TEST(Epath, OT12_AnyBytesAreReadToTheirEndAtMost) {
  const std::vector<std::uint8_t> good = Hex("01 00 34 04 0100 0e00 3600 90 14 20 06 91 03 414243");
  for (std::size_t size = 0; size < good.size(); ++size) {
    for (int value = 0; value < 256; ++value) {
      std::vector<std::uint8_t> bytes(good.begin(),
                                      good.begin() + static_cast<std::ptrdiff_t>(size) + 1);
      bytes[size] = static_cast<std::uint8_t>(value);
      EXPECT_EQ(!ParseEpath(bytes).bad, IsEpath(bytes));
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::cip
