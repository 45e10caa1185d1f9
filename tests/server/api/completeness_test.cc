#include "server/api/completeness.h"

#include <optional>

#include "base/clock.h"
#include "server/evidence/collector_key.h"
#include "server/evidence/signed_text.h"
#include "server/ingest/hour_rows.h"
#include "tests/server/api/fixture.h"

namespace tapiary::server::test {
namespace {

class CompletenessApi : public ApiFixture {
 protected:
  void SetUp() override {
    ApiFixture::SetUp();
    key_ = *OpenCollectorKey(*catalog_, folder_ + "/evidence.key");
    router_ = std::make_unique<Router>(ApiRoutes({*catalog_, *vault_, nullptr, nullptr, &*key_}));
  }
  void AddHour(const std::string& sensor, std::int64_t hour_ns, std::int64_t offered) {
    Execute(
        "INSERT INTO ledger_hours (sensor_id, epoch, interface, hour_ns, time_ns, offered, "
        "recorded, record) VALUES (?, ?, 'eth0', ?, ?, ?, 0, ?)",
        {SensorId(sensor), hour_ns / 1'000'000, hour_ns, hour_ns + base::kNanosPerHour - 1, offered,
         "{\"offered\":" + std::to_string(offered) + "}"});
  }

  std::optional<uplink::SigningKey> key_;
};

constexpr const char* kFrom = "2026-11-25T10:00:00Z";
constexpr const char* kTo = "2026-11-25T13:00:00Z";

TEST_F(CompletenessApi, StatementsAreSignedByAKeyThatIsListed) {
  AddHour("plant-a", *base::ParseTime(kFrom), 123);
  const auto page =
      Json("/api/v1/completeness", {{"sensor", "plant-a"}, {"from", kFrom}, {"to", kTo}});
  ASSERT_EQ(page["items"].size(), 3U) << page.dump(1);
  EXPECT_EQ(page["items"][0]["offered"], 123);
  EXPECT_EQ(page["items"][0]["state"], "accounted");
  EXPECT_EQ(page["items"][1]["state"], "unknown");
  EXPECT_TRUE(page["next"].is_null());
  const auto keys = Json("/api/v1/keys")["keys"];
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0]["kid"], KeyId(key_->public_key()));
  auto statement = page["items"][0];
  const auto opened = OpenSignedText(key_->public_key(), statement["jws"].get<std::string>());
  ASSERT_TRUE(opened) << opened.error().message;
  statement.erase("jws");
  EXPECT_EQ(nlohmann::json::parse(*opened), statement);
}

TEST_F(CompletenessApi, PagesOverSensorsAndHours) {
  AddHour("plant-a", *base::ParseTime(kFrom), 1);
  AddHour("plant-b", *base::ParseTime(kFrom), 2);
  std::vector<std::string> seen;
  std::map<std::string, std::string> query{{"from", kFrom}, {"to", kTo}, {"limit", "2"}};
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = Json("/api/v1/completeness", query);
    for (const auto& item : page["items"]) {
      seen.push_back(item["sensor"].get<std::string>() +
                     item["from"].get<std::string>().substr(10, 3));
    }
    if (page["next"].is_null()) break;
    query["after"] = page["next"];
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"plant-aT10", "plant-aT11", "plant-aT12", "plant-bT10",
                                            "plant-bT11", "plant-bT12"}));
}

TEST_F(CompletenessApi, RefusesWhatItDoesNotKnow) {
  SensorId("plant-a");
  EXPECT_EQ(Get("/api/v1/completeness", {{"sensor", "nobody"}}).status, 404);
  EXPECT_EQ(Get("/api/v1/completeness", {{"filter", "tcp"}}).status, 400);
  EXPECT_EQ(Get("/api/v1/completeness", {{"after", "1.5"}}).status, 400);
  EXPECT_EQ(Get("/api/v1/completeness", {{"from", "1970-01-01T00:00:00Z"}}).status, 400);
  const auto now = Json("/api/v1/completeness", {{"to", "2262-01-01T00:00:00Z"},
                                                 {"from", base::FormatTime(base::WallNow())}});
  ASSERT_EQ(now["items"].size(), 1U);  // the hour that runs, and no future
  const auto& hour = now["items"][0];
  // Up to when the statement was made; of an hour that has just begun nothing is unknown yet.
  if (!hour["unknown"].empty()) {
    EXPECT_EQ(hour["unknown"].back()["to"], hour["made"]);
  }
}

TEST_F(CompletenessApi, ADownloadSaysHowCompleteItsHoursAre) {
  StoreModbus(1);
  Response pcap = Get("/api/v1/pcap");
  const std::string body = Body(pcap);
  EXPECT_NE(body.find("completeness of the sensor's hours"), body.npos);
  EXPECT_NE(body.find("no account from the sensor, stored"), body.npos);
}

}  // namespace
}  // namespace tapiary::server::test
