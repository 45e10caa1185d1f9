// Kinds that are kept in parts by day.
#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/server/retention/fixture.h"
#include "tests/support/catalog.h"

namespace tapiary::server::test {
namespace {

constexpr std::int64_t kFirst = 16;  // hours until a day begins, as At counts them
constexpr std::int64_t kDayHours = 24;

class PartPurgeTest : public RetentionFixture {
 protected:
  void SetUp() override {
    RetentionFixture::SetUp();
    ASSERT_EQ((kHour + kFirst) % kDayHours, 0);
    ASSERT_TRUE(catalog_->MakeTimeParts(At(kFirst)));
    a_ = Sensor("a");
    b_ = Sensor("b");
    for (const std::int64_t hour : {0, 1, 23, 24, 25, 47, 48}) {
      AddFlows(a_, At(kFirst + hour, 5), 10);
      AddFlows(b_, At(kFirst + hour, 6), 10);
    }
  }
  bool HasPart(std::int64_t from_ns) {
    const auto parts = catalog_->TimeParts();
    EXPECT_TRUE(parts);
    for (const TimePart& part : *parts) {
      if (part.from_ns == from_ns) return true;
    }
    return false;
  }
  RetentionPolicy Age(std::int64_t hours) {
    RetentionPolicy policy;
    policy.all[1].age_ns = hours * base::kNanosPerHour;
    return policy;
  }

  std::int64_t a_ = 0;
  std::int64_t b_ = 0;
};

TEST_F(PartPurgeTest, AgeTakesADayWhenAllOfItIsOld) {
  // What is older than the first hour of the second day is too old: the second day waits.
  const auto report = Run(Age(36), At(kFirst + 36 + 25));
  EXPECT_EQ(report.entries, 60u);
  EXPECT_EQ(Count("flows"), 80);
  EXPECT_FALSE(HasPart(At(kFirst)));
  EXPECT_TRUE(HasPart(At(kFirst + kDayHours)));
  ExpectAccountsRight();
  EXPECT_EQ(Number("SELECT COUNT(*) FROM items WHERE removed_ns IS NOT NULL"), 6);
  EXPECT_EQ(Number("SELECT SUM(entries) FROM retained"), 60);
  EXPECT_EQ(Run(Age(36), At(kFirst + 36 + 25)).purges, 0u);
  EXPECT_EQ(Run(Age(36), At(kFirst + 36 + 48)).entries, 60u);
  EXPECT_EQ(Count("flows"), 20);
  ExpectAccountsRight();
}

TEST_F(PartPurgeTest, BytesTakeWholeDaysAndTheEdgeRowByRow) {
  RetentionPolicy policy;
  policy.all[1].bytes = 50 * kFlowRowBytes;
  Run(policy, At(kFirst + 60));
  EXPECT_LE(Count("flows"), 50);
  EXPECT_GT(Count("flows"), 34);
  EXPECT_FALSE(HasPart(At(kFirst)));
  ExpectAccountsRight();
}

TEST_F(PartPurgeTest, CO11_PinnedRowsOfADaySurvive) {
  Pin(a_, At(kFirst + 1), At(kFirst + 2));
  Run(Age(24), At(kFirst + 48));
  EXPECT_EQ(Count("flows"), 90);
  EXPECT_EQ(
      Number("SELECT COUNT(*) FROM flows WHERE received_ns < " + std::to_string(At(kFirst + 24))),
      10);
  EXPECT_TRUE(HasPart(At(kFirst)));
  ExpectAccountsRight();
  // When the pin is gone, so is the rest.
  Execute("DELETE FROM pins");
  Run(Age(24), At(kFirst + 48 + 25));
  EXPECT_EQ(
      Number("SELECT COUNT(*) FROM flows WHERE received_ns < " + std::to_string(At(kFirst + 24))),
      0);
  EXPECT_FALSE(HasPart(At(kFirst)));
  ExpectAccountsRight();
}

TEST_F(PartPurgeTest, ASensorThatKeepsLongerKeepsItsRows) {
  RetentionPolicy policy = Age(24);
  policy.sensors.push_back({"b", DataKind::kFlows, {1000 * base::kNanosPerHour, 0}});
  Run(policy, At(kFirst + 72));
  EXPECT_EQ(Number("SELECT COUNT(*) FROM flows WHERE sensor_id = " + std::to_string(b_)), 70);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM flows WHERE sensor_id = " + std::to_string(a_)), 10);
  EXPECT_TRUE(HasPart(At(kFirst)));
  ExpectAccountsRight();
}

TEST(PartPlan, OnlyPartsOfWhichAllGoesAreTakenWhole) {
  const TimePart day{"flows_1", "flows", base::kNanosPerDay, 48 * base::kNanosPerHour};
  const TimePart next{"flows_2", "flows", 48 * base::kNanosPerHour, 72 * base::kNanosPerHour};
  const std::vector<TimePart> parts{day, next};
  const std::vector<StoredHour> stored{{DataKind::kFlows, 24, 1, {1, 1}, false},
                                       {DataKind::kFlows, 47, 2, {1, 1}, false},
                                       {DataKind::kEvents, 47, 2, {1, 1}, false}};
  const Purge first{DataKind::kFlows, 24, {1}, true, PurgeReason::kAge, 0};
  const Purge last{DataKind::kFlows, 47, {2}, true, PurgeReason::kBytes, 0};
  const auto take = [&](std::vector<Purge> purges, std::int64_t now_ns) {
    return TakeWholeParts(parts, stored, now_ns, &purges).size();
  };
  EXPECT_EQ(take({first, last}, 49 * base::kNanosPerHour), 1u);
  EXPECT_EQ(take({first, last}, 48 * base::kNanosPerHour), 0u);  // too early
  EXPECT_EQ(take({first, last}, 73 * base::kNanosPerHour), 2u);  // the other one is empty
  EXPECT_EQ(take({first}, 49 * base::kNanosPerHour), 0u);
  Purge half = last;
  half.bytes = 1;
  EXPECT_EQ(take({first, half}, 49 * base::kNanosPerHour), 0u);
  std::vector<StoredHour> more = stored;
  more.push_back({DataKind::kFlows, 30, 3, {1, 1}, true});  // pinned
  std::vector<Purge> purges{first, last};
  EXPECT_TRUE(TakeWholeParts(parts, more, 49 * base::kNanosPerHour, &purges).empty());
  EXPECT_EQ(purges.size(), 2u);
}

}  // namespace
}  // namespace tapiary::server::test
