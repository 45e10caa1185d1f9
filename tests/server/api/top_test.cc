// The largest groups, on the catalog.
#include "server/api/top.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/server/api/fixture.h"

namespace tapiary::server {
namespace {

using testing::HasSubstr;

class Top : public test::ApiFixture {
 protected:
  // What the two must agree on: sums over all flows of a list.
  double SumOfList(const std::string& pointer) {
    double sum = 0;
    const auto list = Json("/api/v1/flows", {{"limit", "1000"}});
    for (const auto& item : list["items"]) {
      const nlohmann::json::json_pointer at(pointer);
      if (item.contains(at)) sum += item[at].get<double>();
    }
    return sum;
  }
};

TEST_F(Top, GroupsHaveTheSumsOfTheList) {
  StoreModbus(5);
  StoreModbus(2, {.sensor = "plant-b"});
  const auto top = Json("/api/v1/flows/top", {{"field", "sensor"}, {"by", "bytes"}});
  ASSERT_EQ(top["items"].size(), 2u) << top.dump(2);
  EXPECT_EQ(top["items"][0]["values"][0], "plant-a");
  EXPECT_EQ(top["items"][0]["flows"], 5);
  EXPECT_EQ(top["items"][1]["flows"], 2);
  EXPECT_EQ(top["total"]["flows"], 7);
  EXPECT_EQ(top["total"]["bytes"].get<double>(),
            SumOfList("/orig/bytes") + SumOfList("/resp/bytes"));
  EXPECT_EQ(top["total"]["commands"].get<double>(), SumOfList("/commands"));
  EXPECT_EQ(top["partial"], false);
  EXPECT_EQ(top["groups"], 2);
  EXPECT_EQ(top["covered_from"], top["from"]);
}

TEST_F(Top, FieldsOfAllTypes) {
  StoreModbus(3);
  for (const FilterField& field : FilterFields()) {
    for (const auto& [table, path] : {std::pair{FilterTable::kFlows, "flows"},
                                      std::pair{FilterTable::kTransactions, "transactions"},
                                      std::pair{FilterTable::kEvents, "events"}}) {
      const Response response =
          Get(std::string("/api/v1/") + path + "/top", {{"field", std::string(field.name)}});
      EXPECT_EQ(response.status, CanGroupBy(field, table) ? 200 : 400)
          << path << " " << field.name << ": " << response.body;
    }
  }
}

TEST_F(Top, TwoFieldsFilterAndDistinct) {
  StoreModbus(4);
  const auto top = Json("/api/v1/commands/top", {{"field", "ot.operation,ot.status"},
                                                 {"distinct", "ip.src"},
                                                 {"by", "distinct"},
                                                 {"filter", "ot.value == 1234"}});
  ASSERT_EQ(top["items"].size(), 1u) << top.dump(2);
  EXPECT_EQ(top["items"][0]["values"][0], "write_single_register");
  EXPECT_EQ(top["items"][0]["commands"], 4);
  EXPECT_GE(top["items"][0]["distinct"].get<int>(), 1);
  const auto none = Json("/api/v1/flows/top", {{"field", "service"}, {"filter", "udp"}});
  EXPECT_TRUE(none["items"].empty());
  EXPECT_EQ(none["groups"], 0);
}

TEST_F(Top, OldFlowsAreReachedFromTheNewestEnd) {
  const std::int64_t day = 86'400'000'000'000;
  const std::int64_t now = base::WallNow();
  StoreModbus(1, {.sensor = "today"});
  StoreModbus(2, {.sensor = "month", .received_ns = now - 30 * day});
  StoreModbus(3, {.sensor = "years", .received_ns = now - 2000 * day});
  const auto all = Json("/api/v1/flows/top", {{"field", "sensor"}, {"last", "9000d"}});
  ASSERT_EQ(all["items"].size(), 3u) << all.dump(2);
  EXPECT_EQ(all["items"][0]["values"][0], "years");
  const auto month = Json("/api/v1/flows/top", {{"field", "sensor"}, {"last", "31d"}});
  EXPECT_EQ(month["items"].size(), 2u);
  const auto sensor =
      Json("/api/v1/flows/top", {{"field", "sensor"}, {"clock", "sensor"}, {"from", "1970-01-01"}});
  EXPECT_EQ(sensor["total"]["flows"], 6);
}

TEST_F(Top, HugeSumsOfAHostileSensorAreNoError) {
  StoreModbus(2);
  Execute("UPDATE flows SET orig_bytes = 9223372036854775807, orig_packets = 9223372036854775807");
  const Response response = Get("/api/v1/flows/top", {{"field", "sensor"}});
  EXPECT_EQ(response.status, 200) << response.body;
}

TEST_F(Top, CO09_OnlyFieldsAndMeasuresOfTheTables) {
  const std::pair<std::map<std::string, std::string>, const char*> cases[] = {
      {{}, "which one"},
      {{{"field", "1; DROP TABLE flows"}}, "unknown field"},
      {{{"field", "ip.adr"}}, "did you mean 'ip.addr'"},
      {{{"field", "ot.operation"}}, "transactions can"},
      {{{"field", "vlan.id"}}, "nothing can be grouped"},
      {{{"field", "frame.time"}}, "nothing can be grouped"},
      {{{"field", "sensor,sensor"}}, "twice the same"},
      {{{"field", "sensor,ip.src,ip.dst"}}, "no more"},
      {{{"field", "sensor,"}}, "unknown field"},
      {{{"field", "sensor"}, {"by", "bytes DESC"}}, "there are flows, packets"},
      {{{"field", "sensor"}, {"by", "distinct"}}, "needs distinct=FIELD"},
      {{{"field", "sensor"}, {"limit", "1001"}}, "limit"},
      {{{"field", "sensor"}, {"distinct", "x"}}, "unknown field"},
      {{{"field", "sensor"}, {"order", "asc"}}, "unknown parameter"},
      {{{"field", "sensor"}, {"filter", "tcp &&"}}, "too early"},
  };
  for (const auto& [query, message] : cases) {
    const Response response = Get("/api/v1/flows/top", query);
    EXPECT_EQ(response.status, 400) << message;
    EXPECT_THAT(response.body, HasSubstr(message));
  }
}

}  // namespace
}  // namespace tapiary::server
