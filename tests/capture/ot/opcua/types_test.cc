#include "capture/ot/opcua/types.h"

#include <gtest/gtest.h>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::opcua {
namespace {

// The variant's text; "!" in front when it ended too early.
std::string Show(const std::string& hex) {
  const std::vector<std::uint8_t> bytes = test::Hex(hex);
  base::ByteCursor cursor(bytes);
  Content content;
  ReadVariant(cursor, content);
  return (cursor.failed() ? "!" : "") + content.text;
}

TEST(OpcuaTypes, Variants) {
  EXPECT_EQ(Show("00"), "null");
  EXPECT_EQ(Show("0101"), "1");
  EXPECT_EQ(Show("02ff"), "-1");
  EXPECT_EQ(Show("06feffffff"), "-2");
  EXPECT_EQ(Show("0a0000c03f"), "1.5");
  EXPECT_EQ(Show("0c03000000616263"), "abc");
  EXPECT_EQ(Show("8502000000 0100 0200"), "[2] 1 2");
  EXPECT_EQ(Show("110307000300000061 6263"), "ns=7;s=abc");
  EXPECT_EQ(Show("130000 1f80"), "bad_user_access_denied");
  EXPECT_EQ(Show("15020300000061 6263"), "abc");
}

TEST(OpcuaTypes, CountsAndLengthsAreNotBelieved) {
  EXPECT_EQ(Show("0cffffff7f61"), "!");
  EXPECT_EQ(Show("85ffffff7f0100"), "![0]");
  EXPECT_EQ(Show("3f"), "!");
}

TEST(OpcuaTypes, OT12_NestedVariantsEnd) {
  std::string nested;
  for (int i = 0; i < 200; ++i) nested += "18";
  EXPECT_EQ(Show(nested), "!");
}

TEST(OpcuaTypes, NodeIds) {
  const std::vector<std::uint8_t> bytes = test::Hex("0055 010102 01 02020005000000");
  base::ByteCursor cursor(bytes);
  EXPECT_EQ(Format(ReadNodeId(cursor)), "i=85");
  EXPECT_EQ(Format(ReadNodeId(cursor)), "ns=1;i=258");
  EXPECT_EQ(Format(ReadNodeId(cursor)), "ns=2;i=5");
  EXPECT_EQ(cursor.remaining(), 0u);
}

}  // namespace
}  // namespace tapiary::capture::opcua
