#include "capture/ot/goose/dataset.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::goose {
namespace {

Dataset Read(const char* hex) {
  const auto bytes = test::Hex(hex);
  return ReadDataset(bytes);
}

TEST(GooseDataset, EachType) {
  const Dataset data = Read(
      "830101 84020680 8501ff 86020100 8705083fc00000 8a026f6e 890201ff a206 830100 850105"
      "870911 4000000000000000");
  EXPECT_EQ(ToText(data), "true, b:10, -1, 256, 1.5, on, 01ff, false, 5, 114000000000000000");
  EXPECT_EQ(data.values, (std::vector<std::int64_t>{1, 2, -1, 256, 0, 5}));
  EXPECT_EQ(data.top_level, 9u);
  EXPECT_FALSE(data.malformed);
  EXPECT_EQ(ToText(Read("87090b 4000000000000000")), "2");
}

TEST(GooseDataset, OT11_BoundedInNumberAndDepth) {
  std::string many;
  for (int i = 0; i < 400; ++i) many += "830100";
  const Dataset data = Read(many.c_str());
  EXPECT_EQ(data.texts.size(), Dataset::kMaxLeaves);
  EXPECT_TRUE(data.more);
  EXPECT_EQ(data.top_level, 400u);
  EXPECT_LT(ToText(data).size(), 400u);
  std::string deep = "830100";
  for (int i = 0; i < 30; ++i) {
    const std::size_t size = test::Hex(deep).size();
    char head[5];
    std::snprintf(head, sizeof head, "a2%02x", static_cast<unsigned>(size));
    deep = head + deep;
  }
  const Dataset nested = Read(deep.c_str());
  EXPECT_TRUE(nested.more);
  EXPECT_TRUE(nested.texts.empty());
}

TEST(GooseDataset, BadBitsAndLengths) {
  EXPECT_TRUE(Read("8400").malformed);
  EXPECT_TRUE(Read("84020900").malformed);
  EXPECT_TRUE(Read("840101").malformed);
  EXPECT_TRUE(Read("830201").malformed);
  EXPECT_EQ(ToText(Read("840a00ffffffffffffffffff")).substr(0, 6), "b:1111");
}

TEST(GooseDataset, WhatChanged) {
  const Dataset before = Read("830100 850101 8401 00");
  EXPECT_EQ(Changes(before, before), "");
  EXPECT_EQ(Changes(before, Read("830101 850101 840100")), "0: false > true");
  EXPECT_EQ(Changes(before, Read("830100 850102")), "1: 1 > 2, 3 values > 2");
}

}  // namespace
}  // namespace tapiary::capture::goose
