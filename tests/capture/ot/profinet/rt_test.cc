#include "capture/ot/profinet/rt.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::profinet {
namespace {

TEST(ProfinetRt, FrameIds) {
  EXPECT_EQ(ClassOf(0x0080), FrameClass::kTimeSync);
  EXPECT_EQ(ClassOf(0x0100), FrameClass::kCyclic);
  EXPECT_EQ(ClassOf(0x8000), FrameClass::kCyclic);
  EXPECT_EQ(ClassOf(0xfbff), FrameClass::kCyclic);
  EXPECT_EQ(ClassOf(0xfc01), FrameClass::kAlarmHigh);
  EXPECT_EQ(ClassOf(0xfe01), FrameClass::kAlarmLow);
  EXPECT_EQ(ClassOf(0xfefc), FrameClass::kDcp);
  EXPECT_EQ(ClassOf(0xff40), FrameClass::kTimeSync);
  EXPECT_EQ(ClassOf(0xff85), FrameClass::kFragment);
  EXPECT_EQ(ClassOf(0xfd00), FrameClass::kOther);
}

TEST(ProfinetRt, TheCycleCounterRollsOver) {
  RtStream stream;
  const char* const frames[] = {"8001 00 ffc0 35 00", "8001 00 ffe0 35 00", "8001 00 0000 35 00",
                                "8001 00 0020 35 00"};
  for (const char* const hex : frames) {
    const auto bytes = test::Hex(hex);
    stream.OnFrame(bytes, 1);
  }
  EXPECT_EQ(stream.interval.gaps, 0u);
  EXPECT_EQ(stream.interval.duplicates, 0u);
  const auto late = test::Hex("8001 00 0080 35 00");
  EXPECT_EQ(stream.OnFrame(late, 2), RtEvent::kNone);
  EXPECT_EQ(stream.interval.gaps, 1u);
}

}  // namespace
}  // namespace tapiary::capture::profinet
