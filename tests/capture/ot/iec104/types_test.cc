#include "capture/ot/iec104/types.h"

#include <gtest/gtest.h>

#include "capture/ot/iec104/techniques.h"

namespace tapiary::capture::iec104 {
namespace {

TEST(Iec104Types, SizesOfTheStandard) {
  struct Row {
    int type, size;
  };
  constexpr Row kRows[] = {{1, 1},   {2, 4},   {3, 1},   {5, 2},   {7, 5},   {9, 3},   {13, 5},
                           {15, 5},  {16, 8},  {21, 2},  {30, 8},  {32, 9},  {36, 12}, {37, 12},
                           {38, 10}, {39, 11}, {45, 1},  {48, 3},  {50, 5},  {51, 4},  {58, 8},
                           {61, 10}, {63, 12}, {64, 11}, {70, 1},  {100, 1}, {102, 0}, {103, 7},
                           {104, 2}, {106, 2}, {107, 9}, {110, 3}, {113, 1}, {120, 6}, {126, 13}};
  for (const Row& row : kRows) {
    const TypeInfo* const info = FindType(static_cast<std::uint8_t>(row.type));
    ASSERT_NE(info, nullptr) << row.type;
    EXPECT_EQ(info->size, row.size) << row.type;
  }
  for (const int type : {0, 41, 65, 99, 108, 128, 255}) {
    EXPECT_EQ(FindType(static_cast<std::uint8_t>(type)), nullptr) << type;
  }
}

TEST(Iec104Types, LabelsAndNames) {
  EXPECT_EQ(FindType(58)->label, "C_SC_TA_1");
  EXPECT_EQ(FindType(62)->label, "C_SE_TB_1");
  EXPECT_EQ(FindType(36)->label, "M_ME_TF_1");
  EXPECT_EQ(FindType(45)->name, "single_command");
  EXPECT_EQ(CauseName(3), "spontaneous");
  EXPECT_EQ(CauseName(20), "interrogated");
  EXPECT_EQ(CauseName(47), "unknown_object_address");
  EXPECT_EQ(CauseName(48), "");
}

TEST(Iec104Types, CommandsAndTechniques) {
  for (unsigned type = 0; type < 256; ++type) {
    const Technique technique =
        FindTechnique(Techniques(), static_cast<std::int32_t>(type), kNoSub);
    if (technique.command && type < 120) {
      EXPECT_TRUE(IsCommandType(static_cast<std::uint8_t>(type))) << type;
    }
  }
  EXPECT_EQ(FindTechnique(Techniques(), 45, kNoSub).id, "T0855");
  EXPECT_EQ(FindTechnique(Techniques(), 50, kNoSub).id, "T0836");
  EXPECT_EQ(FindTechnique(Techniques(), 105, kNoSub).id, "T0816");
  EXPECT_FALSE(FindTechnique(Techniques(), 100, kNoSub).command);
  EXPECT_FALSE(FindTechnique(Techniques(), 101, 0).command);
  EXPECT_TRUE(FindTechnique(Techniques(), 101, 2).command);
  EXPECT_TRUE(FindTechnique(Techniques(), 0x13, kUFrame).command);
  EXPECT_FALSE(FindTechnique(Techniques(), 0x07, kUFrame).command);
}

}  // namespace
}  // namespace tapiary::capture::iec104
