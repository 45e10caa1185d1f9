#include "server/catalog/part_plan.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

TEST(PartPlan, ComesBackFromItsText) {
  PartPlan plan;
  plan.order = PartOrder::kStartDown;
  plan.values = {PartValue::kReceived, PartValue::kPlain, PartValue::kIdHigh, PartValue::kUnused};
  plan.columns = 0x8000000000000005;
  plan.select = "SELECT rowid, a FROM ";
  plan.where = " WHERE a = ? ORDER BY a";
  const auto back = PartPlan::FromText(plan.ToText());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->ToText(), plan.ToText());
  EXPECT_EQ(back->columns, plan.columns);
  EXPECT_EQ(back->where, plan.where);
}

TEST(PartPlan, OtherTextsAreNone) {
  for (const char* text : {"", "n", "n\n", "n\n0\n", "\n0\na\nb", "n\nx\na\nb"}) {
    EXPECT_FALSE(PartPlan::FromText(text)) << text;
  }
  EXPECT_TRUE(PartPlan::FromText("n\n0\na\n"));
}

TEST(PartPlan, PlacesAreThoseOfTheColumnsThatAreRead) {
  PartedTable table{.name = "t", .columns = {{"a", "a", ""}, {"b", "b", ""}, {"id", "rowid", ""}}};
  table.id = 2;
  table.columns.back().of_id = OfId::kAll;
  PartPlan plan;
  plan.columns = 0b110;
  EXPECT_EQ(PlacesOf(table, plan), (std::vector<int>{-1, 1, 0}));
  plan.order = PartOrder::kStartUp;  // the order's column comes first
  plan.columns = 0b011;
  EXPECT_EQ(PlacesOf(table, plan), (std::vector<int>{2, 3, 0}));
  for (int i = 0; i < 70; ++i) table.columns.push_back({"c", "c", ""});
  plan.columns = std::uint64_t{1} << 63;
  EXPECT_EQ(PlacesOf(table, plan)[62], -1);
  EXPECT_EQ(PlacesOf(table, plan)[63], 2);
  EXPECT_EQ(PlacesOf(table, plan)[64], 3);
}

}  // namespace
}  // namespace tapiary::server
