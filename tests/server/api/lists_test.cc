// Lists, one flow, sensors and histogram over real stores.
#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "base/clock.h"
#include "base/text.h"
#include "server/ingest/rows.h"
#include "tests/server/api/fixture.h"
#include "tests/support/catalog.h"

namespace tapiary::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ListsTest : public test::ApiFixture {};

TEST_F(ListsTest, CO13_PagesByKeyCoverEverythingOnce) {
  StoreModbus(50);
  std::vector<std::string> seen;
  std::map<std::string, std::string> query = {{"limit", "7"}};
  for (int page = 0; page < 20; ++page) {
    const auto json = Json("/api/v1/flows", query);
    for (const auto& item : json["items"]) seen.push_back(item["id"]);
    EXPECT_FALSE(json["partial"].get<bool>());
    if (json["next"].is_null()) break;
    EXPECT_EQ(json["items"].size(), 7u);
    query["after"] = json["next"];
  }
  EXPECT_EQ(seen.size(), 50u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 50u);
}

TEST_F(ListsTest, PageIsBoundedInBytesAndGoesOn) {
  const std::int64_t sensor = SensorId("plant-a");
  const std::string record = R"({"text":")" + std::string(900'000, 'x') + "\"}";
  for (int i = 0; i < 40; ++i) {
    Execute(
        "INSERT INTO events (sensor_id, time_ns, received_ns, type, record) VALUES (?, ?, ?, '', "
        "?)",
        {sensor, std::int64_t{i}, base::WallNow(), record});
  }
  std::map<std::string, std::string> query = {{"limit", "1000"}};
  std::set<std::int64_t> seen;
  for (int page = 0; page < 5; ++page) {
    const auto json = Json("/api/v1/events", query);
    EXPECT_LE(json["items"].size(), 19u);
    for (const auto& item : json["items"]) seen.insert(item["id"].get<std::int64_t>());
    if (json["next"].is_null()) break;
    query["after"] = json["next"];
  }
  EXPECT_EQ(seen.size(), 40u);
}

// They are found by run, of 4096 numbers each, and still are one list.
TEST_F(ListsTest, EventsOfASourceAreFoundInAllRuns) {
  const std::int64_t sensor = SensorId("plant-a");
  for (std::int64_t i = 0; i < 12; ++i) {
    Execute(
        "INSERT INTO events (id, sensor_id, time_ns, received_ns, type, source_ip, record) VALUES "
        "(?, ?, ?, ?, '', ?, '{}')",
        {1 + i * 1500, sensor, i, base::WallNow(),
         AddressValue(*capture::ParseIpAddress(i % 3 == 0 ? "10.0.0.2" : "10.0.0.1"))});
  }
  for (const char* const clock : {"received", "sensor"}) {
    std::map<std::string, std::string> query = {
        {"filter", "ip.src == 10.0.0.1"}, {"clock", clock}, {"from", "1970-01-01"}, {"limit", "3"}};
    std::vector<std::int64_t> ids;
    for (int page = 0; page < 4; ++page) {
      const auto json = Json("/api/v1/events", query);
      for (const auto& item : json["items"]) ids.push_back(item["id"]);
      if (json["next"].is_null()) break;
      query["after"] = json["next"];
    }
    EXPECT_THAT(ids, ElementsAre(16'501, 15'001, 12'001, 10'501, 7501, 6001, 3001, 1501)) << clock;
  }
  const auto top =
      Json("/api/v1/events/top", {{"field", "ip.src"}, {"filter", "ip.src == 10.0.0.2"}});
  EXPECT_EQ(top["items"][0]["events"], 4);
}

TEST_F(ListsTest, NewestFirstByEitherClock) {
  StoreModbus(10);
  for (const char* clock : {"received", "sensor"}) {
    const auto json = Json("/api/v1/flows", {{"clock", clock}, {"from", "2000-01-01"}});
    ASSERT_EQ(json["items"].size(), 10u);
    const char* key = clock[0] == 'r' ? "received" : "start";
    for (std::size_t i = 1; i < 10; ++i)
      EXPECT_GE(json["items"][i - 1][key], json["items"][i][key]);
  }
}

// The sensor's clock says 2023; what it sends now is what the last day shows.
TEST_F(ListsTest, HP01_DefaultWindowGoesByArrival) {
  StoreModbus(2);
  StoreModbus(3, {.epoch = 8, .received_ns = base::WallNow() - 3 * 86'400 * base::kNanosPerSecond});
  EXPECT_EQ(Json("/api/v1/flows")["items"].size(), 2u);
  EXPECT_EQ(Json("/api/v1/commands")["items"].size(), 2u);
  EXPECT_EQ(Json("/api/v1/flows", {{"last", "7d"}})["items"].size(), 5u);
  EXPECT_EQ(Json("/api/v1/flows", {{"clock", "sensor"}})["items"].size(), 0u);
  const auto json =
      Json("/api/v1/flows", {{"clock", "sensor"}, {"from", "2023-11-14"}, {"to", "2023-11-15"}});
  EXPECT_EQ(json["items"].size(), 5u);
  EXPECT_EQ(json["clock"], "sensor");
}

TEST_F(ListsTest, CommandsSayWhatWasDone) {
  StoreModbus(1);
  const auto items = Json("/api/v1/commands")["items"];
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0]["operation"], "write_single_register");
  EXPECT_EQ(items[0]["address"], 40);
  EXPECT_THAT(items[0]["values"].get<std::vector<int>>(), ElementsAre(1234));
  EXPECT_EQ(items[0]["sensor"], "plant-a");
  EXPECT_THAT(items[0]["flow_id"].get<std::string>(), HasSubstr("plant-a.7."));
  EXPECT_EQ(Json("/api/v1/transactions")["items"].size(), 2u);
}

TEST_F(ListsTest, FiltersNarrow) {
  StoreModbus(10);
  StoreModbus(4, {.sensor = "plant-b"});
  const auto count = [this](const std::string& path, const std::string& filter) {
    return Json(path, {{"filter", filter}})["items"].size();
  };
  EXPECT_EQ(count("/api/v1/flows", "tcp.port == 40003"), 2u);
  EXPECT_EQ(count("/api/v1/flows", "sensor == \"plant-b\""), 4u);
  EXPECT_EQ(count("/api/v1/flows", "modbus && ot.value == 1234"), 14u);
  EXPECT_EQ(count("/api/v1/commands", "modbus.func_code in {5,6,15,16} && tcp.srcport < 40002"),
            4u);
  EXPECT_EQ(count("/api/v1/flows", "modbus.func_code == 16"), 0u);
  const auto json = Json("/api/v1/flows", {{"filter", "event.user == root"}});
  EXPECT_EQ(json["fields_not_here"][0], "event.user");
}

TEST_F(ListsTest, FilterErrorsAreProblemsWithAPosition) {
  const Response response = Get("/api/v1/flows", {{"filter", "tcp.prt == 5"}});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto problem = nlohmann::json::parse(response.body);
  EXPECT_EQ(problem["position"], 0);
  EXPECT_EQ(problem["suggestion"], "tcp.port");
}

TEST_F(ListsTest, NdjsonAndCsvNameTheNextPage) {
  StoreModbus(5);
  const Response lines = Get("/api/v1/flows", {{"format", "ndjson"}, {"limit", "3"}});
  std::istringstream stream(lines.body);
  std::string line;
  int count = 0;
  while (std::getline(stream, line)) count += nlohmann::json::accept(line) ? 1 : 0;
  EXPECT_EQ(count, 3);
  std::string link;
  for (const auto& [name, value] : lines.headers) link += name == "Link" ? value : "";
  EXPECT_THAT(link, HasSubstr("/api/v1/flows?format=ndjson&limit=3&after="));
  EXPECT_THAT(link, HasSubstr("rel=\"next\""));
  const Response csv = Get("/api/v1/commands", {{"format", "csv"}});
  EXPECT_THAT(csv.content_type, HasSubstr("text/csv"));
  EXPECT_EQ(std::count(csv.body.begin(), csv.body.end(), '\n'), 6);
  EXPECT_THAT(csv.body, HasSubstr(",write_single_register,6,1,40,1,1234,ok,"));
}

TEST_F(ListsTest, OneFlowById) {
  const auto records = StoreModbus(3);
  const std::string id = "plant-a." + records.flows[0].id.ToString();
  const auto flow = Json("/api/v1/flows/" + id);
  EXPECT_EQ(flow["id"], id);
  EXPECT_EQ(flow["service"], "modbus");
  EXPECT_EQ(flow["commands"], 1);
  EXPECT_EQ(Get("/api/v1/flows/plant-b." + records.flows[0].id.ToString()).status, 404);
  EXPECT_EQ(Get("/api/v1/flows/plant-a.7.ffff").status, 404);
}

TEST_F(ListsTest, CO06_HostileIdsAreRefused) {
  StoreModbus(1);
  const std::vector<std::string> ids = {"..",
                                        "%2e%2e",
                                        "a",
                                        "1.2",
                                        "a.b.c",
                                        "plant-a.7.0\" || tcp || service == \"",
                                        "plant-a'--.7.1",
                                        "....//",
                                        std::string(5000, 'a')};
  for (const std::string& id : ids) {
    const int status = Get("/api/v1/flows/" + id).status;
    EXPECT_TRUE(status == 400 || status == 404) << id;
    const int pcap = Get("/api/v1/flows/" + id + "/pcap").status;
    EXPECT_TRUE(pcap == 400 || pcap == 404) << id;
  }
}

TEST_F(ListsTest, CO02_HostileRecordsStayValidJson) {
  if (test::OnPostgres()) GTEST_SKIP() << "PostgreSQL itself refuses texts that are no UTF-8";
  StoreModbus(1);
  std::string wild;
  for (int byte = 1; byte < 256; ++byte) wild.push_back(static_cast<char>(byte));
  const std::string record = R"({"raw":")" + wild + R"(","html":"<img src=x onerror=alert(1)>"})";
  Execute(
      "INSERT INTO events (sensor_id, time_ns, received_ns, type, user_name, record) VALUES "
      "(?, 1, ?, 'login', ?, ?), (?, 2, ?, 'login', 'x', '{\"ok\":1}')",
      {SensorId("plant-a"), base::WallNow(), base::EscapeBytes(wild), record, SensorId("plant-a"),
       base::WallNow()});
  const Response response = Get("/api/v1/events");
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(base::IsValidUtf8(response.body));
  const auto json = nlohmann::json::parse(response.body);
  EXPECT_EQ(json["items"].size(), 2u);
  EXPECT_EQ(json["items"][1]["user"], base::EscapeBytes(wild));
  const auto found = Json("/api/v1/events", {{"filter", "event.user contains \"\\x01\\x02\""}});
  EXPECT_EQ(found["items"].size(), 1u);
}

}  // namespace
}  // namespace tapiary::server
