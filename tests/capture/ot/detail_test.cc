#include "capture/ot/detail.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture {
namespace {

TEST(OtDetail, OT13_TextsAreBoundedAndKeysUnique) {
  Transaction out;
  AddDetail(out, "text", std::string(1000, 'x'));
  AddDetail(out, "text", "again");
  AddDetail(out, "long", std::string(1000, 'y'), 480);
  ASSERT_EQ(out.detail.size(), 2u);
  EXPECT_EQ(*FindDetail(out, "text"), std::string(kMaxDetailBytes, 'x'));
  EXPECT_EQ(FindDetail(out, "long")->size(), 480u);
  EXPECT_EQ(FindDetail(out, "none"), nullptr);
}

TEST(OtDetail, OT13_WhatIsToldAgainHasANumber) {
  Transaction out;
  for (const char* const text : {"a", "b", "a", "b", "c"}) AddRepeated(out, "name", text);
  ASSERT_EQ(out.detail.size(), 3u);
  EXPECT_EQ(*FindDetail(out, "name"), "a");
  EXPECT_EQ(*FindDetail(out, "name_2"), "b");
  EXPECT_EQ(*FindDetail(out, "name_3"), "c");
  for (int i = 0; i < 100; ++i) AddRepeated(out, "name", std::to_string(i));
  EXPECT_EQ(out.detail.size(), 9u);
}

TEST(OtDetail, OT13_DetailsAndAnomaliesAreCounted) {
  Transaction out;
  for (int i = 0; i < 1000; ++i) {
    AddNumber(out, "key" + std::to_string(i), i);
    AddAnomaly(out, "anomaly" + std::to_string(i));
    AddAnomaly(out, "anomaly0");
  }
  EXPECT_EQ(out.detail.size(), kMaxDetails);
  EXPECT_EQ(out.anomalies.size(), 16u);
}

TEST(OtDetail, NumbersOfEverySize) {
  Transaction out;
  AddNumber(out, "small", std::uint8_t{200});
  AddNumber(out, "below", std::int8_t{-3});
  AddNumber(out, "most", UINT64_MAX);
  AddDetail(out, "text", "12x");
  EXPECT_EQ(*FindDetail(out, "small"), "200");
  EXPECT_EQ(*FindDetail(out, "below"), "-3");
  EXPECT_EQ(*FindDetail(out, "most"), "18446744073709551615");
  EXPECT_EQ(FindNumber(out, "small"), 200u);
  for (const char* const key : {"below", "most", "text", "none"}) {
    EXPECT_FALSE(FindNumber(out, key).has_value()) << key;
  }
}

TEST(OtDetail, HexTellsWhatIsMissing) {
  Transaction out;
  AddHex(out, "data", std::vector<std::uint8_t>(1000, 0xaa));
  AddHex(out, "all", std::vector<std::uint8_t>(kMaxHexBytes, 0xbb));
  AddHex(out, "none", {});
  EXPECT_EQ(FindDetail(out, "data")->size(), kMaxDetailBytes);
  EXPECT_EQ(FindNumber(out, "data_bytes"), 1000u);
  EXPECT_EQ(FindDetail(out, "all_bytes"), nullptr);
  EXPECT_EQ(FindDetail(out, "none"), nullptr);
  EXPECT_EQ(HexOf(test::Hex("0aff")), "0aff");
}

TEST(OtDetail, TextsWithoutFill) {
  EXPECT_EQ(TextOf(test::Hex("41 42 20 00 20")), "AB");
  EXPECT_EQ(TextOf(test::Hex("00 41")), std::string_view("\0A", 2));
  EXPECT_EQ(TextOf(test::Hex("00 20 00")), "");
  EXPECT_EQ(TextOf({}), "");
  EXPECT_EQ(TextOf(std::vector<std::uint8_t>(1000, 'x')).size(), kMaxDetailBytes);
  EXPECT_TRUE(IsPrintable(test::Hex("41 20")));
  EXPECT_FALSE(IsPrintable(test::Hex("41 00")));
  EXPECT_FALSE(IsPrintable(test::Hex("41 7f")));
}

TEST(OtDetail, ListsEndWithDots) {
  std::string list;
  EXPECT_TRUE(AppendBounded(list, " ", "one", 16));
  EXPECT_TRUE(AppendBounded(list, " ", "two", 16));
  EXPECT_FALSE(AppendBounded(list, " ", "three", 16));
  EXPECT_FALSE(AppendBounded(list, " ", "x", 16));
  EXPECT_EQ(list, "one two ...");
  std::string one;
  EXPECT_FALSE(AppendBounded(one, ", ", std::string(1000, 'x')));
  EXPECT_EQ(one, "...");
}

}  // namespace
}  // namespace tapiary::capture
