#include "capture/ot/dnp3/objects.h"

#include <gtest/gtest.h>

namespace tapiary::capture::dnp3 {
namespace {

TEST(Dnp3Objects, SizesOfTheStandard) {
  struct Row {
    int group, variation, bits;
  };
  // Annex A: packed, flags, time, counters, analogues, floats, controls.
  constexpr Row kRows[] = {{1, 1, 1},   {1, 2, 8},    {2, 2, 56},  {3, 1, 2},    {4, 3, 24},
                           {10, 2, 8},  {12, 1, 88},  {20, 1, 40}, {21, 9, 32},  {22, 5, 88},
                           {30, 2, 24}, {30, 6, 72},  {32, 3, 88}, {32, 8, 120}, {40, 4, 72},
                           {41, 2, 24}, {42, 7, 88},  {50, 1, 48}, {51, 1, 48},  {52, 2, 16},
                           {80, 1, 1},  {120, 3, 48}, {34, 3, 32}};
  for (const Row& row : kRows) {
    const ObjectLayout* const layout =
        FindObject(static_cast<std::uint8_t>(row.group), static_cast<std::uint8_t>(row.variation));
    ASSERT_NE(layout, nullptr) << row.group << "/" << row.variation;
    EXPECT_EQ(layout->bits, row.bits) << row.group << "/" << row.variation;
  }
  EXPECT_EQ(FindObject(200, 1), nullptr);
  EXPECT_EQ(FindObject(30, 9), nullptr);
}

TEST(Dnp3Objects, ValuesFitIntoTheirObjects) {
  for (unsigned group = 0; group < 256; ++group) {
    for (unsigned variation = 0; variation < 256; ++variation) {
      const ObjectLayout* const layout =
          FindObject(static_cast<std::uint8_t>(group), static_cast<std::uint8_t>(variation));
      if (layout == nullptr) continue;
      EXPECT_GT(layout->bits, 0);
      EXPECT_LE(layout->value * 8, layout->bits);
    }
  }
  EXPECT_TRUE(IsStringGroup(110));
  EXPECT_FALSE(IsStringGroup(109));
}

}  // namespace
}  // namespace tapiary::capture::dnp3
