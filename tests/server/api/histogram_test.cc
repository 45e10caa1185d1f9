#include "server/api/histogram.h"

#include <gtest/gtest.h>

#include "tests/server/api/fixture.h"

namespace tapiary::server {
namespace {

class HistogramTest : public test::ApiFixture {};

TEST_F(HistogramTest, HistogramAddsUp) {
  StoreModbus(30);
  for (const auto& window :
       std::vector<std::map<std::string, std::string>>{{{"last", "1h"}, {"buckets", "60"}},
                                                       {{"clock", "sensor"},
                                                        {"from", "2023-11-14T22:13:20Z"},
                                                        {"to", "2023-11-14T22:13:22Z"}}}) {
    const auto json = Json("/api/v1/flows/histogram", window);
    const auto sum = [&json](const char* name) {
      long total = 0;
      for (const auto& value : json[name]) total += value.get<long>();
      return total;
    };
    EXPECT_EQ(sum("flows"), 30);
    EXPECT_EQ(sum("commands"), 30);
    EXPECT_NEAR(static_cast<double>(sum("packets")), 300, 60);  // each bucket is rounded
    EXPECT_GT(sum("bytes"), 30 * 400);
  }
  EXPECT_EQ(Get("/api/v1/flows/histogram", {{"buckets", "100000"}}).status, 400);
}

TEST_F(HistogramTest, SumsOfAllFlowsAreThoseOfTheFlows) {
  for (int i = 1; i <= 5; ++i) {
    StoreModbus(i, {.epoch = static_cast<std::uint64_t>(i),
                    .received_ns = 1'700'000'000'000'000'000 + i * 7'000'000'000LL});
  }
  std::map<std::string, std::string> query{
      {"from", "2023-11-14T22:13:25Z"}, {"to", "2023-11-14T22:13:50Z"}, {"buckets", "10"}};
  auto all = Json("/api/v1/flows/histogram", query);
  query["filter"] = "!(sensor == \"nobody\")";
  EXPECT_EQ(all, Json("/api/v1/flows/histogram", query));
  EXPECT_EQ(all["flows"], nlohmann::json({1, 0, 0, 2, 0, 0, 3, 0, 0, 4}));
}

}  // namespace
}  // namespace tapiary::server
