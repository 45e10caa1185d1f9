#include "server/catalog/time_parts.h"

#include <gtest/gtest.h>

#include "tests/server/catalog/parts_fixture.h"

namespace tapiary::server::test {
namespace {

TEST(PartsOfTables, AreWiderWhenThereAreMany) {
  EXPECT_EQ(DaysOfPart(0), 1);
  EXPECT_EQ(DaysOfPart(39), 1);
  EXPECT_EQ(DaysOfPart(40), 7);
  EXPECT_EQ(DaysOfPart(80), 30);
}

TEST(PartsOfTables, AreNamedByTheirFirstDay) {
  EXPECT_EQ(PartName("flows", kDay + kNoon), "flows_20261213");
}

TEST(PartsOfTables, RowsAreGroupedByTheKeyLessItsLastColumn) {
  NewRows rows{.table = "t", .columns = "a, b, c", .width = 3, .keys = 2};
  for (const std::int64_t value : {1, 5, 0, 2, 5, 0, 1, 4, 0}) rows.values.emplace_back(value);
  EXPECT_EQ(GroupByKey(rows), (KeyGroups{{{1}, {{4, 2}, {5, 0}}}, {{2}, {{5, 1}}}}));
}

using TimePartsTest = PartsTest;

TEST_F(TimePartsTest, AFlowIsOneRowOverAllParts) {
  OpenWithDays();
  Add(kDay + kNoon, {Flow(5), Flow(6)});
  Add(kDay + kDayNs, {Flow(6), Flow(7)});  // again, a day later
  EXPECT_EQ(Flows(), "5 0 flows_20261213; 6 0 flows_20261213; 7 0 flows_20261214");
  Add(kDay + kDayNs, {Flow(5, 1)});  // goes on: its row goes along
  EXPECT_EQ(Flows(), "5 1 flows_20261214; 6 0 flows_20261213; 7 0 flows_20261214");
  Add(kDay + kNoon, {Flow(5), Flow(7), Flow(8)});  // a collector whose clock is behind
  EXPECT_EQ(Flows(),
            "5 1 flows_20261214; 6 0 flows_20261213; 7 0 flows_20261214; 8 0 flows_20261213");
  EXPECT_EQ(Rows("SELECT part, lowest, highest FROM part_numbers ORDER BY part"),
            "flows_20261213 5 8; flows_20261214 5 7");
  EXPECT_EQ(Rows("SELECT SUM(flows) FROM flow_batches"), "4");
}

TEST_F(TimePartsTest, APartGoesWithItsRowsAndOnce) {
  OpenWithDays();
  Add(kDay, {Flow(5)});
  Add(kDay + kDayNs, {Flow(6)});
  const auto parts = catalog_->TimeParts();
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->front().name, "flows_20261213");
  EXPECT_EQ(parts->front().from_ns, kDay);
  EXPECT_EQ(parts->front().to_ns, kDay + kDayNs);
  const auto drop = [&] {
    return catalog_->Write([&](SqlWriter& writer) { return writer.DropPart(parts->front()); });
  };
  ASSERT_TRUE(drop());
  EXPECT_EQ(Flows(), "6 0 flows_20261214");
  EXPECT_EQ(Rows("SELECT part FROM part_numbers"), "flows_20261214");
  const auto again = drop();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, base::ErrorCode::kUnavailable);
  Add(kDay + kDayNs, {Flow(5)});  // nobody knows it any more
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM flows"), "2");
}

}  // namespace
}  // namespace tapiary::server::test
