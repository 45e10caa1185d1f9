#include "server/retention/policy.h"
#include "base/clock.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

TEST(RetentionPolicy, ASensorsLimitIsFourWords) {
  const auto limit = ParseSensorLimit("  plant-a packets  30d 200GiB");
  ASSERT_TRUE(limit) << limit.error().message;
  EXPECT_EQ(limit->sensor, "plant-a");
  EXPECT_EQ(limit->kind, DataKind::kPackets);
  EXPECT_EQ(limit->keep.age_ns, 30 * base::kNanosPerDay);
  EXPECT_EQ(limit->keep.bytes, std::int64_t{200} << 30);
  const auto open = ParseSensorLimit("plant-a events - -");
  ASSERT_TRUE(open);
  EXPECT_EQ(open->kind, DataKind::kEvents);
  EXPECT_EQ(open->keep.age_ns, 0);
  EXPECT_EQ(open->keep.bytes, 0);
}

TEST(RetentionPolicy, WhatIsWrongIsRefused) {
  for (const char* text :
       {"", "plant-a", "plant-a packets 30d", "plant-a packets 30 1GiB", "plant-a packet 30d 1GiB",
        "plant-a packets 30d 1XiB", "plant-a packets 30d 1GiB more", "plant-a packets -1d -"}) {
    const auto limit = ParseSensorLimit(text);
    ASSERT_FALSE(limit) << text;
    EXPECT_EQ(limit.error().code, base::ErrorCode::kInvalid);
  }
}

TEST(RetentionPolicy, KindsAndSensorsAreFound) {
  RetentionPolicy policy;
  policy.sensors = {{"plant-a", DataKind::kFlows, {1, 2}}};
  EXPECT_NE(policy.Of(DataKind::kFlows, "plant-a"), nullptr);
  EXPECT_EQ(policy.Of(DataKind::kPackets, "plant-a"), nullptr);
  EXPECT_EQ(policy.Of(DataKind::kFlows, "plant-b"), nullptr);
}

}  // namespace
}  // namespace tapiary::server
