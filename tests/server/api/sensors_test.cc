#include "server/api/sensors.h"

#include <gtest/gtest.h>

#include "tests/server/api/fixture.h"

namespace tapiary::server {
namespace {

class SensorsTest : public test::ApiFixture {};

TEST_F(SensorsTest, SensorsTellLossInNumbers) {
  StoreModbus(2);
  SensorId("plant-b");
  const auto json = Json("/api/v1/sensors");
  ASSERT_EQ(json["items"].size(), 2u);
  EXPECT_TRUE(json["trouble"].is_null());
  const auto& a = json["items"][0];
  EXPECT_EQ(a["name"], "plant-a");
  EXPECT_EQ(a["packets_stored"], 20);
  EXPECT_EQ(a["offered"], 25);
  EXPECT_EQ(a["lost"], 5);
  EXPECT_EQ(a["lost_by_reason"]["kernel-ring-full"], 3);
  EXPECT_TRUE(a["last_gap"].is_null());
  EXPECT_EQ(json["items"][1]["offered"], 0);
  EXPECT_EQ(Json("/api/v1/sensors/plant-a/ledger")["items"][0]["lost"]["storage-backlog"], 2);
  EXPECT_EQ(Json("/api/v1/sensors/plant-a/health")["sensor"], "plant-a");
  EXPECT_EQ(Get("/api/v1/sensors/nobody/ledger").status, 404);
}

}  // namespace
}  // namespace tapiary::server
