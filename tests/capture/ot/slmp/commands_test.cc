#include "capture/ot/slmp/commands.h"

#include <gtest/gtest.h>

namespace tapiary::capture::slmp {
namespace {

TEST(SlmpCommands, NamesAreFoundByCode) {
  EXPECT_EQ(OperationName(0x0101), "read_type_name");
  EXPECT_EQ(OperationName(0x1402), "device_write_random");
  EXPECT_EQ(OperationName(0x186a), "file_close");
  EXPECT_EQ(OperationName(0x1403), "");
}

TEST(SlmpCommands, EveryTechniqueBelongsToANamedCommand) {
  for (const TechniqueRow& row : Techniques()) {
    EXPECT_FALSE(OperationName(static_cast<std::uint16_t>(row.code)).empty()) << row.code;
  }
  EXPECT_FALSE(FindTechnique(Techniques(), 0x1827, kAnySub).command);
  EXPECT_TRUE(FindTechnique(Techniques(), 0x1827, kWriteSub).command);
}

TEST(SlmpCommands, DevicesAreWrittenAsEngineersDo) {
  EXPECT_EQ(DeviceName(0xa8), "D");
  EXPECT_FALSE(DeviceIsHex(0xa8));
  EXPECT_TRUE(DeviceIsHex(0x9c));
  EXPECT_EQ(DeviceName(0x01), "");
}

}  // namespace
}  // namespace tapiary::capture::slmp
