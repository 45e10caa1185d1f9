#include "server/api/quarantine.h"

#include "tests/server/api/fixture.h"

namespace tapiary::server::test {
namespace {

class Quarantine : public ApiFixture {
 protected:
  void Reject(const std::string& sensor, std::int64_t place) {
    Execute(
        "INSERT INTO event_rejects (sensor_id, received_ns, place, reason, bytes, raw) "
        "VALUES (?, 1000000000, ?, 'not valid JSON', 7, ?)",
        {SensorId(sensor), place, std::string(R"({"a":\x00)")});
  }
};

TEST_F(Quarantine, NewestFirstInPagesAndBySensor) {
  for (std::int64_t i = 0; i < 5; ++i) Reject(i == 2 ? "plant-b" : "plant-a", i);
  const auto first = Json("/api/v1/events/quarantined", {{"limit", "2"}});
  ASSERT_EQ(first["items"].size(), 2u);
  EXPECT_EQ(first["items"][0]["index"], 4);
  EXPECT_EQ(first["items"][0]["sensor"], "plant-a");
  EXPECT_EQ(first["items"][0]["reason"], "not valid JSON");
  EXPECT_EQ(first["items"][0]["raw"], R"({"a":\x00)");
  EXPECT_EQ(first["items"][0]["received"], "1970-01-01T00:00:01.000000000Z");
  const auto rest = Json("/api/v1/events/quarantined", {{"after", first["next"]}});
  ASSERT_EQ(rest["items"].size(), 3u);
  EXPECT_EQ(rest["items"][2]["index"], 0);
  EXPECT_TRUE(rest["next"].is_null());
  const auto other = Json("/api/v1/events/quarantined", {{"sensor", "plant-b"}});
  ASSERT_EQ(other["items"].size(), 1u);
  EXPECT_EQ(other["items"][0]["index"], 2);
}

TEST_F(Quarantine, WrongParametersAreRefused) {
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"limit", "0"}, {"after", "x"}, {"sensr", "a"}, {"sensor", R"(\xq)"}}) {
    EXPECT_EQ(Get("/api/v1/events/quarantined", {{name, value}}).status, 400) << name;
  }
}

}  // namespace
}  // namespace tapiary::server::test
