#include "capture/ot/techniques.h"

#include <gtest/gtest.h>

namespace tapiary::capture {
namespace {

TEST(Techniques, WritesAreCommandsReadsAreNot) {
  for (const int code : {5, 6, 15, 16, 21, 22, 23}) {
    EXPECT_TRUE(FindTechnique("modbus", code, -1).command) << code;
  }
  for (const int code : {1, 2, 3, 4, 17, 20, 24}) {
    EXPECT_FALSE(FindTechnique("modbus", code, -1).command) << code;
  }
  EXPECT_EQ(FindTechnique("modbus", 5, -1).id, "T0855");
}

TEST(Techniques, SubFunctionsDecide) {
  EXPECT_TRUE(FindTechnique("modbus", 8, 1).command);
  EXPECT_FALSE(FindTechnique("modbus", 8, 0).command);
  EXPECT_EQ(FindTechnique("modbus", 43, 14).id, "T0888");
  EXPECT_TRUE(FindTechnique("modbus", 43, 13).id.empty());
  EXPECT_EQ(FindTechnique("modbus", 90, 0x41).id, "T0881");
}

TEST(Techniques, OtherProtocolsAreApart) {
  EXPECT_FALSE(FindTechnique("s7comm", 5, -1).command);
}

}  // namespace
}  // namespace tapiary::capture
