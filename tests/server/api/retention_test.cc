#include "server/api/retention.h"

#include "base/clock.h"
#include "server/ingest/stored.h"
#include "tests/server/api/fixture.h"

namespace tapiary::server::test {
namespace {

class RetentionList : public ApiFixture {};

TEST_F(RetentionList, WhatIsStoredAndWhatWasRemoved) {
  Load load;
  load.received_ns = 500'000 * base::kNanosPerHour + 1;
  const capture::RecordBatch records = StoreModbus(3, load);
  const std::int64_t sensor = SensorId("plant-a");
  Execute(
      "INSERT INTO retained (sensor_id, kind, since_ns, entries, bytes, removed_ns, reason) VALUES "
      "(?, 'flows', 5000000000, 7, 3850, 6000000000, 'age')",
      {sensor});
  const auto answer = Json("/api/v1/retention");
  ASSERT_EQ(answer["items"].size(), 1u);
  const auto& item = answer["items"][0];
  EXPECT_EQ(item["sensor"], "plant-a");
  EXPECT_EQ(item["flows"]["entries"], 3);
  EXPECT_EQ(item["flows"]["bytes"], 3 * kFlowRowBytes);
  EXPECT_EQ(item["flows"]["oldest"], base::FormatTime(500'000 * base::kNanosPerHour));
  EXPECT_EQ(item["flows"]["complete_since"], "1970-01-01T00:00:05.000000000Z");
  EXPECT_EQ(item["flows"]["removed"]["entries"], 7);
  EXPECT_EQ(item["flows"]["removed"]["reason"], "age");
  EXPECT_EQ(item["transactions"]["entries"],
            static_cast<std::int64_t>(records.transactions.size()));
  EXPECT_GT(item["packets"]["bytes"], 100);
  EXPECT_TRUE(item["packets"]["complete_since"].is_null());
  EXPECT_EQ(item["events"]["entries"], 0);
  EXPECT_TRUE(item["events"]["oldest"].is_null());
}

TEST_F(RetentionList, BySensorAndInPages) {
  for (const char* name : {"a", "b", "c"}) SensorId(name);
  const auto first = Json("/api/v1/retention", {{"limit", "2"}});
  ASSERT_EQ(first["items"].size(), 2u);
  const auto rest = Json("/api/v1/retention", {{"after", first["next"]}});
  ASSERT_EQ(rest["items"].size(), 1u);
  EXPECT_EQ(rest["items"][0]["sensor"], "c");
  EXPECT_TRUE(rest["next"].is_null());
  EXPECT_EQ(Json("/api/v1/retention", {{"sensor", "b"}})["items"].size(), 1u);
  EXPECT_EQ(Get("/api/v1/retention", {{"sensor", "none"}}).status, 404);
}

TEST_F(RetentionList, WrongParametersAreRefused) {
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"limit", "0"}, {"after", "x"}, {"sensr", "a"}, {"sensor", R"(\xq)"}}) {
    EXPECT_EQ(Get("/api/v1/retention", {{name, value}}).status, 400) << name;
  }
}

}  // namespace
}  // namespace tapiary::server::test
