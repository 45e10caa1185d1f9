#include "capture/ot/techniques.h"

#include <gtest/gtest.h>

#include "capture/ot/modbus/techniques.h"
#include "capture/ot/registry.h"

namespace tapiary::capture {
namespace {

TEST(Techniques, WritesAreCommandsReadsAreNot) {
  for (const int code : {5, 6, 15, 16, 21, 22, 23}) {
    EXPECT_TRUE(FindTechnique(modbus::Techniques(), code, kAnySub).command) << code;
  }
  for (const int code : {1, 2, 3, 4, 17, 20, 24}) {
    EXPECT_FALSE(FindTechnique(modbus::Techniques(), code, kAnySub).command) << code;
  }
  EXPECT_EQ(FindTechnique(modbus::Techniques(), 5, kAnySub).id, "T0855");
}

TEST(Techniques, SubFunctionsDecide) {
  EXPECT_TRUE(FindTechnique(modbus::Techniques(), 8, 1).command);
  EXPECT_FALSE(FindTechnique(modbus::Techniques(), 8, 0).command);
  EXPECT_EQ(FindTechnique(modbus::Techniques(), 43, 14).id, "T0888");
  EXPECT_TRUE(FindTechnique(modbus::Techniques(), 43, 13).id.empty());
  EXPECT_EQ(FindTechnique(modbus::Techniques(), 90, 0x41).id, "T0881");
}

TEST(Techniques, EveryRowOfEveryProtocolIsInTheMatrix) {
  for (const OtProtocol* const protocol : OtProtocols()) {
    for (const TechniqueRow& row : protocol->techniques) {
      if (row.id.empty()) {
        // Says that the operation is a command, or excepts a sub-function from a row below.
        EXPECT_TRUE(row.command || row.sub != kAnySub) << protocol->service << " " << row.code;
        continue;
      }
      EXPECT_FALSE(TechniqueName(row.id).empty()) << protocol->service << " " << row.id;
    }
  }
  EXPECT_EQ(TechniqueName("T0855"), "Unauthorized Command Message");
  EXPECT_TRUE(TechniqueName("T9999").empty());
}

}  // namespace
}  // namespace tapiary::capture
