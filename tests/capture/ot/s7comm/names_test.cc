#include "capture/ot/s7comm/names.h"

#include <gtest/gtest.h>

namespace tapiary::capture::s7comm {
namespace {

std::string Block(std::string_view file) {
  int type = 0;
  const std::vector<std::uint8_t> bytes(file.begin(), file.end());
  return BlockName(bytes, type);
}

TEST(S7Names, FunctionsAndServices) {
  EXPECT_EQ(JobName(0x29), "plc_stop");
  EXPECT_EQ(JobName(0x77), "unknown_function");
  EXPECT_EQ(UserdataName(4, 1), "read_szl");
  EXPECT_EQ(UserdataName(4, 99), "cpu_function_99");
  EXPECT_EQ(UserdataName(0, 2), "mode_transition");
  EXPECT_EQ(PiAt(FindPi("_DELE")).operation, "delete_block");
  EXPECT_EQ(PiAt(FindPi("_XYZ")).operation, "pi_service");
}

TEST(S7Names, Blocks) {
  EXPECT_EQ(Block("_0A00008P"), "DB8 passive");
  EXPECT_EQ(Block("0800001A"), "OB1 active");
  EXPECT_EQ(Block("_0E12345B"), "FB12345 active and passive");
  EXPECT_EQ(Block("_0A0000"), "");
  EXPECT_EQ(Block("_0A00x08P"), "");
  EXPECT_EQ(Block("_FF00008P"), "");
  EXPECT_EQ(Block(""), "");
}

TEST(S7Names, Errors) {
  EXPECT_EQ(ReturnCodeName(0x03), "access_denied");
  EXPECT_EQ(ErrorClassName(0xd6), "protection");
  EXPECT_EQ(ErrorClassName(0x11), "");
}

}  // namespace
}  // namespace tapiary::capture::s7comm
