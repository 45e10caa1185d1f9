#include "server/retention/plan.h"
#include "base/clock.h"

#include <gmock/gmock.h>

namespace tapiary::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kNow = 1000 * base::kNanosPerHour;
constexpr auto kPackets = DataKind::kPackets;
constexpr auto kFlows = DataKind::kFlows;

std::vector<std::string> Plan(const RetentionPolicy& policy, const std::vector<StoredHour>& stored,
                              const SpaceNeeded& needed = {}) {
  const SensorNames names{{1, "plant-a"}, {2, "plant-b"}};
  std::vector<std::string> texts;
  for (const Purge& purge : PlanPurges(policy, stored, names, kNow, needed)) {
    std::string text = std::string(ToString(purge.kind)) + " " + std::to_string(purge.hour) + " of";
    for (const std::int64_t sensor : purge.sensors) text += " " + std::to_string(sensor);
    if (purge.of_all) text += " (all)";
    if (purge.bytes != 0) text += " " + std::to_string(purge.bytes);
    texts.push_back(text + " " + std::string(ToString(purge.reason)));
  }
  return texts;
}

RetentionPolicy Keep(DataKind kind, KeepLimit limit) {
  RetentionPolicy policy;
  policy.all[static_cast<std::size_t>(kind)] = limit;
  return policy;
}

TEST(RetentionPlan, NoLimitsTakeNothing) {
  EXPECT_THAT(Plan({}, {{kPackets, 1, 1, {1, 1'000'000}}}), IsEmpty());
}

TEST(RetentionPlan, AgeTakesWholeHoursOfAllWhoHaveSome) {
  const std::vector<StoredHour> stored{{kPackets, 988, 1, {1, 10}},
                                       {kPackets, 989, 1, {1, 10}},
                                       {kPackets, 989, 2, {1, 10}},
                                       {kPackets, 990, 1, {1, 10}},
                                       {kFlows, 1, 1, {1, 10}}};
  EXPECT_THAT(Plan(Keep(kPackets, {10 * base::kNanosPerHour, 0}), stored),
              ElementsAre("packets 988 of 1 (all) age", "packets 989 of 1 2 (all) age"));
}

TEST(RetentionPlan, ASensorsOwnLimitStandsInPlaceOfTheAge) {
  RetentionPolicy policy = Keep(kPackets, {10 * base::kNanosPerHour, 0});
  policy.sensors = {{"plant-b", kPackets, {100 * base::kNanosPerHour, 15}}};
  const std::vector<StoredHour> stored{{kPackets, 899, 2, {1, 10}},
                                       {kPackets, 950, 1, {1, 10}},
                                       {kPackets, 950, 2, {1, 10}},
                                       {kPackets, 999, 2, {1, 10}}};
  EXPECT_THAT(Plan(policy, stored),
              ElementsAre("packets 950 of 1 age", "packets 899 of 2 (all) age",
                          "packets 950 of 2 5 bytes"));
}

// A flood must not push out what others recorded.
TEST(RetentionPlan, HP04_WhoHasMostLosesItsOldest) {
  const std::vector<StoredHour> stored{{kPackets, 10, 1, {1, 30}},
                                       {kPackets, 500, 2, {1, 100}},
                                       {kPackets, 501, 2, {1, 100}},
                                       {kPackets, 999, 2, {1, 100}}};
  EXPECT_THAT(Plan(Keep(kPackets, {0, 130}), stored),
              ElementsAre("packets 500 of 2 (all) bytes", "packets 501 of 2 (all) bytes"));
  EXPECT_THAT(Plan(Keep(kPackets, {0, 90}), stored),
              ElementsAre("packets 500 of 2 (all) bytes", "packets 501 of 2 (all) bytes",
                          "packets 999 of 2 (all) 40 bytes"));
}

TEST(RetentionPlan, WhatIsPinnedCountsAndStays) {
  const std::vector<StoredHour> stored{{kPackets, 10, 1, {1, 100}, true},
                                       {kPackets, 11, 1, {1, 50}}};
  EXPECT_THAT(Plan(Keep(kPackets, {base::kNanosPerHour, 0}), stored),
              ElementsAre("packets 11 of 1 (all) age"));
  EXPECT_THAT(Plan(Keep(kPackets, {0, 120}), stored),
              ElementsAre("packets 11 of 1 (all) 30 bytes"));
}

TEST(RetentionPlan, CO11_AFullDiskTakesTheOldestOfWhatHelps) {
  const std::vector<StoredHour> stored{{kPackets, 10, 1, {1, 100}},
                                       {kPackets, 20, 1, {1, 100}},
                                       {kFlows, 5, 1, {1, 40}},
                                       {DataKind::kEvents, 6, 1, {1, 70}}};
  EXPECT_THAT(Plan({}, stored, {120, 0}),
              ElementsAre("packets 10 of 1 (all) disk", "packets 20 of 1 (all) 20 disk"));
  EXPECT_THAT(Plan({}, stored, {0, 80}),
              ElementsAre("events 6 of 1 (all) disk", "flows 5 of 1 (all) 10 disk"));
  // What goes because of a limit counts.
  EXPECT_THAT(Plan(Keep(kPackets, {985 * base::kNanosPerHour, 0}), stored, {90, 0}),
              ElementsAre("packets 10 of 1 (all) age"));
}

TEST(RetentionPlan, TheRunningHourIsNeverSaidToBeOfAll) {
  EXPECT_THAT(Plan({}, {{kPackets, 1000, 1, {1, 100}}}, {100, 0}),
              ElementsAre("packets 1000 of 1 disk"));
}

}  // namespace
}  // namespace tapiary::server
