// Completion with what the catalog knows.
#include "server/api/filter_complete.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/api/fixture.h"

namespace tapiary::server {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class FilterCompleteApi : public test::ApiFixture {
 protected:
  std::vector<std::string> Texts(const std::string& text, const std::string& table = "flows") {
    std::vector<std::string> texts;
    const auto json = Json("/api/v1/filter/complete", {{"text", text}, {"table", table}});
    for (const auto& item : json["items"]) texts.push_back(item["text"]);
    return texts;
  }
};

TEST_F(FilterCompleteApi, SensorsAndAddresses) {
  StoreModbus(3);
  StoreModbus(1, {.sensor = "plant b"});
  EXPECT_THAT(Texts("sensor == pl"), testing::UnorderedElementsAre("plant-a", "\"plant b\""));
  EXPECT_THAT(Texts("sensor == \"plant b"), ElementsAre("\"plant b\""));
  EXPECT_THAT(Texts("ip.addr == 10."), Contains(testing::StartsWith("10.")));
  EXPECT_THAT(Texts("tcp.dstport == 5"), Contains("502"));
  EXPECT_THAT(Texts("ot.operation == "), Contains("write_single_register"));
  EXPECT_THAT(Texts("event.user == ", "events"), IsEmpty());
}

TEST_F(FilterCompleteApi, AnswersWithThePlace) {
  const auto json = Json("/api/v1/filter/complete", {{"text", "tcp && ip.s == 1"}, {"at", "11"}});
  EXPECT_EQ(json["from"], 7);
  EXPECT_EQ(json["to"], 11);
  EXPECT_EQ(json["expects"], "field");
  EXPECT_EQ(json["items"][0]["text"], "ip.src");
  EXPECT_EQ(json["items"][0]["kind"], "field");
}

TEST_F(FilterCompleteApi, WrongParametersAreRefused) {
  using Query = std::map<std::string, std::string>;
  for (const Query& query :
       {Query{{"text", "tcp"}, {"at", "4"}}, Query{{"table", "users"}}, Query{{"limit", "201"}},
        Query{{"q", "x"}}, Query{{"text", std::string(5000, 'a')}}}) {
    EXPECT_EQ(Get("/api/v1/filter/complete", query).status, 400);
  }
}

// A hostile value comes as one that can be put into a filter, and is.
TEST_F(FilterCompleteApi, CO01_HostileValuesAreQuoted) {
  StoreModbus(1);
  Execute("UPDATE flows SET service = 'a\" || command \\x1b</script>'");
  for (const std::string& text : Texts("service == ")) {
    const auto filter = Filter::Parse("service == " + text);
    ASSERT_TRUE(filter) << text;
    EXPECT_EQ(filter->root().kind, FilterNode::Kind::kTest) << text;
  }
  EXPECT_THAT(Texts("service == "), Contains("\"a\\\" || command \\x1b</script>\""));
}

}  // namespace
}  // namespace tapiary::server
