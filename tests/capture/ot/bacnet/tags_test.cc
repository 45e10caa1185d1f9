#include "capture/ot/bacnet/tags.h"

#include <gtest/gtest.h>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::bacnet {
namespace {

std::string Show(const std::string& hex) {
  const std::vector<std::uint8_t> bytes = test::Hex(hex);
  base::ByteCursor cursor(bytes);
  Tag tag;
  return ReadTag(cursor, tag) ? FormatApplication(tag) : "none";
}

TEST(BacnetTags, ApplicationValues) {
  EXPECT_EQ(Show("00"), "null");
  EXPECT_EQ(Show("11"), "true");
  EXPECT_EQ(Show("2203e8"), "1000");
  EXPECT_EQ(Show("31ff"), "-1");
  EXPECT_EQ(Show("4442c80000"), "100");
  EXPECT_EQ(Show("55083ff8000000000000"), "1.5");
  EXPECT_EQ(Show("62beef"), "0xbeef");
  EXPECT_EQ(Show("7300 4142"), "AB");
  EXPECT_EQ(Show("750504 00410042"), "AB") << "UCS-2";
  EXPECT_EQ(Show("8204a0"), "1010");
  EXPECT_EQ(Show("9137"), "55");
  EXPECT_EQ(Show("a47c0102ff"), "2024-01-02");
  EXPECT_EQ(Show("b40c1eff00"), "12:30:*.00");
  EXPECT_EQ(Show("c402000065"), "device:101");
}

TEST(BacnetTags, LengthsAreNotBelieved) {
  EXPECT_EQ(Show("65ffffffffff"), "none");
  EXPECT_EQ(Show("65fe0010"), "none");
  EXPECT_EQ(Show("f5"), "none");
  EXPECT_EQ(Show("2405"), "none");
}

TEST(BacnetTags, GroupsEndAtTheirClosingTag) {
  const std::vector<std::uint8_t> bytes = test::Hex("2105 1e 2107 1f 4442c80000 3f 2109");
  base::ByteCursor cursor(bytes);
  const Value value = ReadValue(cursor, 3);
  EXPECT_TRUE(value.closed);
  EXPECT_EQ(value.text, "5 [1]{ 7} 100");
  EXPECT_EQ(value.numbers, (std::vector<std::int64_t>{5, 7, 100}));
  EXPECT_EQ(cursor.remaining(), 2u);
}

TEST(BacnetTags, OT12_DepthIsBounded) {
  const std::vector<std::uint8_t> bytes(1000, 0x1e);
  base::ByteCursor cursor(bytes);
  EXPECT_FALSE(ReadValue(cursor, 1).closed);
}

}  // namespace
}  // namespace tapiary::capture::bacnet
