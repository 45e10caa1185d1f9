// Adding up groups: ends of one flow, order, and what is beyond the limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/api/top.h"

namespace tapiary::server {
namespace {

using testing::ElementsAre;

TopValue Value(const char* text) {
  return {false, text};
}

std::vector<std::string> Names(const TopTable& table, std::size_t by = 0, bool distinct = false) {
  std::vector<std::string> names;
  for (const TopGroup* group : table.Largest(100, by, distinct)) {
    std::string name;
    for (const TopValue& value : group->values) name += (value.absent ? "-" : value.text) + " ";
    names.push_back(name + std::to_string(static_cast<int>(group->sums[by])));
  }
  return names;
}

TEST(TopTable, AddsUpAndOrders) {
  TopTable table(2, 10, 10);
  table.Add({{Value("a")}}, {}, {1, 50});
  table.Add({{Value("b")}}, {}, {2, 10});
  table.Add({{Value("a")}}, {}, {2, 20});
  EXPECT_THAT(Names(table), ElementsAre("a 3", "b 2"));
  EXPECT_THAT(Names(table, 1), ElementsAre("a 70", "b 10"));
  EXPECT_THAT(table.total(), ElementsAre(5, 80));
  EXPECT_EQ(table.Largest(1, 0, false).size(), 1u);
}

TEST(TopTable, TheEndsOfAFlowCountOnceEach) {
  TopTable table(1, 10, 10);
  table.Add({{Value("a"), Value("b")}}, {}, {1});
  table.Add({{Value("a"), Value("a")}}, {}, {1});
  table.Add({{Value("a"), {}}}, {}, {1});
  table.Add({{{}, Value("b")}}, {}, {1});
  table.Add({{{}, {}}}, {}, {1});
  EXPECT_THAT(Names(table), ElementsAre("a 3", "b 2", "- 1"));
  EXPECT_THAT(table.total(), ElementsAre(5));
}

TEST(TopTable, TwoFieldsAreEachPair) {
  TopTable table(1, 10, 10);
  table.Add({{Value("a"), Value("b")}, {Value("x")}}, {}, {1});
  table.Add({{Value("ax")}, {Value("")}}, {}, {1});
  table.Add({{Value("a")}, {Value("x")}}, {}, {1});
  EXPECT_THAT(Names(table), ElementsAre("a x 2", "b x 1", "ax  1"));
}

TEST(TopTable, CountsDistinctValues) {
  TopTable table(1, 10, 3);
  table.Add({{Value("a")}}, {Value("1")}, {9});
  table.Add({{Value("b")}}, {Value("1"), Value("2")}, {1});
  table.Add({{Value("b")}}, {Value("2"), {}}, {1});
  EXPECT_TRUE(table.distinct_whole());
  EXPECT_THAT(Names(table, 0, true), ElementsAre("b 2", "a 9"));
  table.Add({{Value("a")}}, {Value("7")}, {1});
  EXPECT_FALSE(table.distinct_whole());
}

TEST(TopTable, CO13_GroupsBeyondTheLimitAreCountedTogether) {
  TopTable table(1, 3, 10);
  for (int i = 0; i < 100; ++i) table.Add({{Value(std::to_string(i).c_str())}}, {}, {1});
  table.Add({{Value("1")}}, {}, {5});
  EXPECT_EQ(table.groups(), 3u);
  EXPECT_FALSE(table.groups_whole());
  EXPECT_THAT(table.other(), ElementsAre(97));
  EXPECT_THAT(table.total(), ElementsAre(105));
  EXPECT_EQ(Names(table).front(), "1 6");
}

}  // namespace
}  // namespace tapiary::server
