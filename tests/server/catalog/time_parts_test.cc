#include "server/catalog/time_parts.h"
#include "base/clock.h"

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
  Add(kDay + base::kNanosPerDay, {Flow(6), Flow(7)});  // again, a day later
  EXPECT_EQ(Flows(), "5 0 flows_20261213; 6 0 flows_20261213; 7 0 flows_20261214");
  Add(kDay + base::kNanosPerDay, {Flow(5, 1)});  // goes on: its row goes along
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
  Add(kDay + base::kNanosPerDay, {Flow(6)});
  const auto parts = PartsOf("flows");
  ASSERT_FALSE(parts.empty());
  ASSERT_EQ(parts.front().name, "flows_20261213");
  EXPECT_EQ(parts.front().from_ns, kDay);
  EXPECT_EQ(parts.front().to_ns, kDay + base::kNanosPerDay);
  const auto drop = [&] {
    return catalog_->Write([&](SqlWriter& writer) { return writer.DropPart(parts.front()); });
  };
  ASSERT_TRUE(drop());
  EXPECT_EQ(Flows(), "6 0 flows_20261214");
  EXPECT_EQ(Rows("SELECT part FROM part_numbers"), "flows_20261214");
  const auto again = drop();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, base::ErrorCode::kUnavailable);
  Add(kDay + base::kNanosPerDay, {Flow(5)});  // nobody knows it any more
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM flows"), "2");
}

// What a collector knew of the parts a moment ago says nothing: another one dropped one or made it.
TEST_F(TimePartsTest, PartsThatOthersDropAreWrittenToNoMore) {
  OpenWithDays();
  for (int i = 0; i < 2; ++i) Add(kDay, {Flow(5)});
  AddFacts(kDay, {1});
  const auto other = Catalog::Open(options_);
  ASSERT_TRUE(other) << other.error().message;
  for (const char* const table : {"flows", "transactions"}) {
    const auto parts = PartsOf(table);
    ASSERT_TRUE((*other)->Write([&](SqlWriter& writer) { return writer.DropPart(parts.front()); }));
  }
  Add(kDay, {Flow(6)});
  AddFacts(kDay, {2});
  EXPECT_EQ(Rows("SELECT number FROM flows"), "6");
  EXPECT_EQ(Rows("SELECT number FROM transactions"), "2");
  ASSERT_TRUE((*other)->Write([](SqlWriter& writer) {
    return AddIn(writer, kDay + 20 * base::kNanosPerDay, {Flow(7), Flow(8)});
  }));
  Add(kDay + 20 * base::kNanosPerDay, {Flow(8), Flow(9)});
  EXPECT_EQ(
      Rows("SELECT COUNT(DISTINCT " + Place() + "), COUNT(*) FROM flows f WHERE f.number > 6"),
      "1 3");
}

// A repetition is known within the day; what repeats an item of another day is the item's to know.
TEST_F(TimePartsTest, TransactionsLieInThePartsOfTheirDays) {
  OpenWithDays();
  AddFacts(kDay, {1, 2});
  AddFacts(kDay + kNoon, {2, 3});
  AddFacts(kDay + base::kNanosPerDay, {4});
  EXPECT_EQ(Rows("SELECT t.number, " + Place() + " FROM transactions t ORDER BY 1"),
            "1 transactions_20261213; 2 transactions_20261213; 3 transactions_20261213; 4 "
            "transactions_20261214");
  EXPECT_EQ(Rows("SELECT t.number FROM transactions t WHERE t.sensor_id = 1 AND t.epoch = 7 AND "
                 "t.flow_number = 1 AND t.number > 1 AND t.command = 1 ORDER BY 1"),
            "2; 3; 4");
  const auto parts = PartsOf("transactions");
  ASSERT_EQ(parts.front().name, "transactions_20261213");
  ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) { return writer.DropPart(parts.front()); }));
  EXPECT_EQ(Rows("SELECT number FROM transactions"), "4");
}

// Their numbers have nothing to do with each other.
TEST_F(TimePartsTest, AFlowIsFoundAmongFlowsOnly) {
  OpenWithDays();
  AddFacts(kDay, {1, 2, 9});
  AddFacts(kDay + base::kNanosPerDay, {1, 9});
  Add(kDay, {Flow(1), Flow(9)});
  EXPECT_EQ(Flows(), "1 0 flows_20261213; 9 0 flows_20261213");
}

TEST_F(TimePartsTest, EventsLieInThePartsOfTheirDays) {
  OpenWithDays();
  for (const std::int64_t received_ns : {kDay, kDay + kNoon, kDay + base::kNanosPerDay}) {
    ASSERT_TRUE(
        Do("INSERT INTO events (sensor_id, time_ns, received_ns, type, record) VALUES (1, "
           "5, " +
           std::to_string(received_ns) + ", '', '{}')"));
  }
  EXPECT_EQ(Rows("SELECT " + Place() + " AS place, COUNT(*) FROM events GROUP BY 1 ORDER BY 1"),
            "events_20261213 2; events_20261214 1");
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM events a WHERE (SELECT COUNT(*) FROM events e WHERE e.id = "
                 "a.id) <> 1"),
            "0");
  EXPECT_EQ(Rows("SELECT COUNT(*) FROM events e WHERE EXISTS (SELECT 1 FROM event_runs b WHERE "
                 "e.run = b.number)"),
            "3");
  const auto parts = PartsOf("events");
  ASSERT_EQ(parts.front().name, "events_20261213");
  ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) { return writer.DropPart(parts.front()); }));
  EXPECT_EQ(Rows("SELECT received_ns FROM events"), std::to_string(kDay + base::kNanosPerDay));
}

}  // namespace
}  // namespace tapiary::server::test
