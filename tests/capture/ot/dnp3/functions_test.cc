#include "capture/ot/dnp3/functions.h"

#include <gtest/gtest.h>

#include "capture/ot/dnp3/techniques.h"

namespace tapiary::capture::dnp3 {
namespace {

TEST(Dnp3Functions, NamesAndKinds) {
  EXPECT_EQ(FunctionName(5), "direct_operate");
  EXPECT_EQ(FunctionName(13), "cold_restart");
  EXPECT_EQ(FunctionName(33), "authentication_request_no_ack");
  EXPECT_EQ(FunctionName(130), "unsolicited_response");
  EXPECT_EQ(FunctionName(77), "unknown_function");
  EXPECT_TRUE(IsAnswered(5));
  EXPECT_FALSE(IsAnswered(6));
  EXPECT_FALSE(IsAnswered(kConfirm));
  EXPECT_FALSE(IsAnswered(kResponse));
  EXPECT_FALSE(CarriesObjects(kRead));
  EXPECT_FALSE(CarriesObjects(21));
  EXPECT_TRUE(CarriesObjects(11));
  EXPECT_TRUE(CarriesObjects(kResponse));
}

TEST(Dnp3Functions, Iin) {
  EXPECT_EQ(IinNames(0), "");
  EXPECT_EQ(IinNames(0x9000), "need_time,device_restart");
  EXPECT_EQ(IinNames(0x0001), "no_function");
  EXPECT_EQ(IinNames(0x0120), "broadcast,config_corrupt");
}

TEST(Dnp3Functions, Status) {
  EXPECT_EQ(ControlStatusName(0), "success");
  EXPECT_EQ(ControlStatusName(4), "not_supported");
  EXPECT_EQ(ControlStatusName(127), "undefined");
  EXPECT_EQ(ControlStatusName(99), "");
  EXPECT_EQ(FileStatusName(3), "file_not_found");
  EXPECT_EQ(FileStatusName(16), "not_opened");
  EXPECT_EQ(FileStatusName(99), "");
}

TEST(Dnp3Functions, Techniques) {
  for (const std::int32_t control : {3, 4, 5, 6}) {
    EXPECT_TRUE(FindTechnique(Techniques(), control, kAnySub).command) << control;
  }
  EXPECT_EQ(FindTechnique(Techniques(), 13, kAnySub).id, "T0816");
  EXPECT_EQ(FindTechnique(Techniques(), 18, kAnySub).id, "T0881");
  EXPECT_EQ(FindTechnique(Techniques(), 2, 34).id, "T0838");
  EXPECT_EQ(FindTechnique(Techniques(), 2, 80).id, "T0836");
  EXPECT_TRUE(FindTechnique(Techniques(), 25, 2).command);
  EXPECT_FALSE(FindTechnique(Techniques(), 25, 1).command);
  EXPECT_FALSE(FindTechnique(Techniques(), 1, kAnySub).command);
}

}  // namespace
}  // namespace tapiary::capture::dnp3
