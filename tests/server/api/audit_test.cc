#include "server/api/audit.h"

#include <gmock/gmock.h>

#include "server/audit/access_log.h"
#include "tests/server/api/fixture.h"

namespace tapiary::server::test {
namespace {

class AuditApi : public ApiFixture {
 protected:
  void SetUp() override {
    ApiFixture::SetUp();
    log_ = std::make_unique<AccessLog>(*catalog_, AccessLogOptions{});
    router_ = std::make_unique<Router>(ApiRoutes({*catalog_, *vault_, nullptr, log_.get()}));
  }
  void TearDown() override {
    log_.reset();
    ApiFixture::TearDown();
  }
  void Add(const std::string& actor, const std::string& action, std::int64_t time_ns,
           const std::string& detail = {}) {
    Execute("INSERT INTO audit (time_ns, actor, action, detail, peer) VALUES (?, ?, ?, ?, ?)",
            {time_ns, actor, action, detail, "192.0.2.1"});
  }
  std::vector<std::string> Actions(std::map<std::string, std::string> query) {
    std::vector<std::string> actions;
    const auto page = Json("/api/v1/audit", std::move(query));
    for (const auto& row : page["items"]) {
      actions.push_back(row["action"]);
    }
    return actions;
  }

  std::unique_ptr<AccessLog> log_;
};

using testing::ElementsAre;

TEST_F(AuditApi, PagesNewestFirstByActorActionPeerAndTime) {
  Add("ann", "login", 1'000'000'000);
  Add("bob", "search", 2'000'000'000);
  Add("ann", "download", 3'000'000'000);
  Add("ann", "logout", 4'000'000'000);
  EXPECT_THAT(Actions({}), ElementsAre("logout", "download", "search", "login"));
  EXPECT_THAT(Actions({{"actor", "bob"}}), ElementsAre("search"));
  EXPECT_THAT(Actions({{"action", "login,logout"}}), ElementsAre("logout", "login"));
  EXPECT_THAT(Actions({{"peer", "192.0.2.2"}}), ElementsAre());
  EXPECT_THAT(Actions({{"from", "1970-01-01T00:00:02Z"}, {"to", "1970-01-01T00:00:03Z"}}),
              ElementsAre("download", "search"));
  EXPECT_THAT(Actions({{"last", "1h"}}), ElementsAre());
  const auto first = Json("/api/v1/audit", {{"limit", "3"}});
  ASSERT_EQ(first["items"].size(), 3U);
  const auto second =
      Json("/api/v1/audit", {{"limit", "3"}, {"after", first["next"].get<std::string>()}});
  ASSERT_EQ(second["items"].size(), 1U);
  EXPECT_TRUE(second["next"].is_null());
  EXPECT_EQ(Get("/api/v1/audit", {{"who", "ann"}}).status, 400);
  const Response none = Get("/api/v1/audit", {{"action", "login,nosuch"}});
  EXPECT_EQ(none.status, 400);
  EXPECT_THAT(none.body, testing::HasSubstr("there is no 'nosuch'; there are: search, view, "));
  EXPECT_EQ(Get("/api/v1/audit", {{"action", "login,"}}).status, 200);  // as ever
  Add("ann", "of-a-newer-version", 5'000'000'000);
  EXPECT_THAT(Actions({{"action", "of-a-newer-version"}}), ElementsAre("of-a-newer-version"));
  EXPECT_EQ(Get("/api/v1/audit", {{"format", "xml"}}).status, 400);
  EXPECT_EQ(Get("/api/v1/audit", {{"after", "-1"}}).status, 400);
}

TEST_F(AuditApi, CO06_CellsOfAnAttackersTextAreNoFormulas) {
  Add("=cmd|' /C calc'!A0", "login failed", 1, "from=\"x\",y");
  const Response csv = Get("/api/v1/audit", {{"format", "csv"}});
  EXPECT_NE(csv.body.find("\"'=cmd|' /C calc'!A0\",login failed,\"from=\"\"x\"\",y\""),
            csv.body.npos)
      << csv.body;
  const Response lines = Get("/api/v1/audit", {{"format", "ndjson"}});
  EXPECT_EQ(nlohmann::json::parse(lines.body)["action"], "login failed");
}

TEST_F(AuditApi, WhatShowsCapturedThingsIsWrittenDownAndWhatAPagePollsIsNot) {
  StoreModbus(1);
  const std::string id = Json("/api/v1/flows", {{"filter", "modbus"}})["items"][0]["id"];
  Json("/api/v1/flows", {{"filter", "modbus"}});
  Json("/api/v1/flows/top", {{"field", "ip.src"}, {"by", "flows"}});
  Get("/api/v1/flows/" + id);
  Response pcap = Get("/api/v1/flows/" + id + "/pcap");
  const std::size_t bytes = Body(pcap).size();
  Get("/api/v1/pcap", {{"filter", "nonsense"}});
  for (const char* quiet :
       {"/api/v1/sensors", "/api/v1/retention", "/api/v1/filter/fields", "/api/v1/pins"}) {
    EXPECT_EQ(Get(quiet).status, 200) << quiet;
  }
  ASSERT_TRUE(log_->Flush());
  const nlohmann::json rows = Json("/api/v1/audit")["items"];
  ASSERT_EQ(rows.size(), 5U) << rows.dump(1);
  std::map<std::string, nlohmann::json> by_detail;
  for (const auto& row : rows) by_detail[row["detail"]] = row;
  EXPECT_EQ(by_detail["/api/v1/flows?filter=modbus"]["uses"], 2);
  EXPECT_EQ(by_detail["/api/v1/flows/" + id]["action"], "view");
  EXPECT_EQ(by_detail["/api/v1/flows/" + id + "/pcap"]["bytes"], bytes);
  EXPECT_EQ(by_detail["/api/v1/flows/" + id + "/pcap"]["outcome"], "whole");
  EXPECT_EQ(by_detail["/api/v1/pcap?filter=nonsense"]["status"], 400);
  ASSERT_TRUE(log_->Flush());
  EXPECT_THAT(Actions({{"action", "view"}}), testing::Contains("view"));  // that it was read
}

}  // namespace
}  // namespace tapiary::server::test
