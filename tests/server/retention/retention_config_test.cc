#include "server/retention/retention_config.h"
#include "base/clock.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

base::Result<RetentionPolicy> Parse(std::vector<const char*> args) {
  RetentionConfig config;
  base::ConfigTable table("tapiary-collector", "A test.");
  AddRetentionRows(table, config);
  args.insert(args.begin(), "tapiary-collector");
  TAPIARY_TRY(table.Parse(static_cast<int>(args.size()), args.data()));
  return CompleteRetention(config);
}

TEST(RetentionConfig, WithoutSettingsOnlyTheDiskIsWatched) {
  const auto policy = Parse({});
  ASSERT_TRUE(policy) << policy.error().message;
  for (const DataKind kind : kDataKinds) {
    EXPECT_EQ(policy->Of(kind).age_ns, 0);
    EXPECT_EQ(policy->Of(kind).bytes, 0);
  }
  EXPECT_EQ(policy->min_free_bytes, std::int64_t{1} << 30);
}

TEST(RetentionConfig, EachKindHasItsLimits) {
  const auto policy = Parse({"--retention.packets.age", "30d", "--retention.flows.bytes", "2GiB",
                             "--retention.sensors", "plant-a packets 7d -"});
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(policy->Of(DataKind::kPackets).age_ns, 720 * base::kNanosPerHour);
  EXPECT_EQ(policy->Of(DataKind::kFlows).bytes, std::int64_t{2} << 30);
  EXPECT_EQ(policy->Of(DataKind::kFlows).age_ns, 0);
  ASSERT_NE(policy->Of(DataKind::kPackets, "plant-a"), nullptr);
}

TEST(RetentionConfig, WrongAndDoubleLimitsAreRefused) {
  RetentionConfig config;
  config.sensors = {"plant-a packets 7d -", "plant-a packets 8d -"};
  EXPECT_FALSE(CompleteRetention(config));
  config.sensors = {"plant-a"};
  const auto policy = CompleteRetention(config);
  ASSERT_FALSE(policy);
  EXPECT_NE(policy.error().message.find("retention.sensors"), std::string::npos);
}

}  // namespace
}  // namespace tapiary::server
