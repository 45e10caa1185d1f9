#include "server/api/api.h"

#include <gtest/gtest.h>

#include "tests/server/api/fixture.h"

namespace tapiary::server {
namespace {

class ApiTest : public test::ApiFixture {};

// Viewers only read; what changes anything is for analysts at least. Not all reading is theirs.
TEST_F(ApiTest, ViewersReadAndOthersWrite) {
  const auto routes = ApiRoutes({*catalog_, *vault_});
  EXPECT_GE(routes.size(), 13u);
  for (const Route& route : routes) {
    EXPECT_TRUE(route.pattern.starts_with("/api/v1/")) << route.pattern;
    const bool kept = route.pattern == "/api/v1/audit" || route.pattern == "/api/v1/case";
    EXPECT_EQ(route.scope == Scope::kViewer, route.method == "GET" && !kept) << route.pattern;
    EXPECT_GE(route.scope, Scope::kViewer);
    EXPECT_LE(route.max_body_bytes, route.method == "POST" ? 64u * 1024 : 0u) << route.pattern;
  }
}

TEST_F(ApiTest, EmptyStoresGiveEmptyAnswers) {
  for (const char* list : {"flows", "transactions", "commands", "events", "sensors"}) {
    EXPECT_TRUE(Json(std::string("/api/v1/") + list)["items"].empty()) << list;
  }
  Response pcap = Get("/api/v1/pcap");
  EXPECT_TRUE(Body(pcap).size() >= 28);
}

TEST_F(ApiTest, FieldsAreListed) {
  EXPECT_GT(Json("/api/v1/filter/fields")["fields"].size(), 40u);
}

}  // namespace
}  // namespace tapiary::server
