#include "server/api/flow_search.h"

#include <gmock/gmock.h>

#include <tuple>

#include "server/ingest/rows.h"
#include "server/query/value.h"
#include "tests/server/api/fixture.h"
#include "tests/support/part_plans.h"

namespace tapiary::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Searches(std::string_view filter) {
  std::vector<std::string> texts;
  for (const AddressSearch& search : AddressSearches(*Filter::Parse(filter))) {
    texts.push_back((search.side == FlowSide::kOriginator ? "from " : "to ") +
                    FromAddressKey(search.low).ToString() + " " +
                    FromAddressKey(search.high).ToString());
  }
  return texts;
}

TEST(FlowSearch, AddressesThatAllFlowsOfTheFilterHave) {
  EXPECT_THAT(Searches("ip.addr == 10.0.0.1"),
              ElementsAre("from 10.0.0.1 10.0.0.1", "to 10.0.0.1 10.0.0.1"));
  EXPECT_THAT(Searches("tcp && (modbus && ip.src == 10.0.0.1)"),
              ElementsAre("from 10.0.0.1 10.0.0.1"));
  EXPECT_THAT(Searches("ip.dst == 10.0.0.0/8"), ElementsAre("to 10.0.0.0 10.255.255.255"));
  EXPECT_EQ(Searches("ip.src in {10.0.0.1, 10.0.0.2}").size(), 2u);
  EXPECT_THAT(Searches("ip.addr == 10.0.0.1 || tcp"), IsEmpty());
  EXPECT_THAT(Searches("!(ip.addr == 10.0.0.1)"), IsEmpty());
  EXPECT_THAT(Searches("ip.addr != 10.0.0.1"), IsEmpty());
  EXPECT_THAT(Searches("tcp.port == 502"), IsEmpty());
  EXPECT_THAT(Searches(""), IsEmpty());
}

class FlowSearchTest : public test::ApiFixture {
 protected:
  // 80 flows among five addresses, in eight batches, of the first four two at the same time: those
  // may have anything, the others have filters.
  void SetUp() override {
    ApiFixture::SetUp();
    const std::int64_t sensor = SensorId("plant-a");
    for (std::uint64_t batch = 0; batch < 8; ++batch) {
      std::vector<capture::FlowRecord> flows(10);
      for (std::uint64_t i = 0; i < 10; ++i) {
        flows[i].id = {1, batch * 10 + i};
        flows[i].orig.ip = Address(i % 3);
        flows[i].resp.ip = Address((batch + i) % 5);
      }
      const std::uint64_t second = batch < 4 ? batch / 2 : batch;
      ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
        TAPIARY_TRY(FlowRows(sensor, flows)
                        .Add(writer, 1'000'000'000 * static_cast<std::int64_t>(second + 1)));
        return {};
      }));
    }
  }
  static capture::IpAddress Address(std::uint64_t number) {
    return *capture::ParseIpAddress("10.0.0." + std::to_string(number));
  }
  std::vector<std::string> List(const std::string& filter, const std::string& clock = "received") {
    std::map<std::string, std::string> query{
        {"filter", filter}, {"limit", "4"}, {"from", "1970-01-01T00:00:00Z"}, {"clock", clock}};
    std::vector<std::string> ids;
    for (int page = 0; page < 30; ++page) {
      const auto json = Json("/api/v1/flows", query);
      for (const auto& item : json["items"]) ids.push_back(item["id"]);
      if (json["next"].is_null()) return ids;
      query["after"] = json["next"];
    }
    ADD_FAILURE() << "the pages do not end";
    return ids;
  }
};

TEST_F(FlowSearchTest, PagesAreThoseOfAPlainList) {
  for (const std::string filter :
       {"ip.addr == 10.0.0.1", "ip.src == 10.0.0.2", "ip.dst == 10.0.0.4", "ip.addr == 10.0.0.0/31",
        "ip.addr in {10.0.0.0, 10.0.0.1, 10.0.0.3}", "ip.addr == 10.0.0.1 && ip.dst == 10.0.0.0",
        "ip.src == 10.0.0.4", "ip.addr == 10.0.0.2 && !(ip.dst == 10.0.0.2)"}) {
    ASSERT_FALSE(Searches(filter).empty());
    const std::string plain = "!(!(" + filter + "))";  // no search finds these
    ASSERT_THAT(Searches(plain), IsEmpty());
    EXPECT_EQ(List(filter), List(plain)) << filter;
  }
  EXPECT_FALSE(List("ip.addr == 10.0.0.1").empty());
}

class FlowStartTest : public test::ApiFixture {
 protected:
  void SetUp() override {
    ApiFixture::SetUp();
    constexpr std::int64_t kSecond = 1'000'000'000;
    const std::vector<std::pair<std::int64_t, std::int64_t>> times{
        {10 * kSecond, 10 * kSecond},
        {9 * kSecond, 11 * kSecond - 9},
        {9 * kSecond, 11 * kSecond + 9},
        {2 * kSecond, 12 * kSecond},
        {12 * kSecond, 12 * kSecond + 1},
        {3 * kSecond, 4 * kSecond},  // ended before
        {3 * kSecond, 4 * kSecond},
        {4 * kSecond + 5, 6 * kSecond},
        {capture::kTimeUnknown, capture::kTimeUnknown},
        {capture::kTimeUnknown, 20 * kSecond},
        {INT64_MIN, INT64_MAX},
        {INT64_MAX, INT64_MIN},
        {INT64_MAX, INT64_MAX},
    };
    std::vector<capture::FlowRecord> flows(times.size());
    for (std::size_t i = 0; i < times.size(); ++i) {
      flows[i].id = {1, i};
      std::tie(flows[i].start_ns, flows[i].end_ns) = times[i];
    }
    const std::int64_t sensor = SensorId("plant-a");
    ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(FlowRows(sensor, flows).Add(writer, kSecond));
      return {};
    }));
  }
  std::int64_t Count(const std::string& sql, const std::vector<SqlValue>& values) {
    std::int64_t count = -1;
    EXPECT_TRUE(catalog_->Query(sql, values, [&count](const SqlRow& row) {
      count = row.Int(0);
      return true;
    }));
    return count;
  }
};

TEST_F(FlowStartTest, PartsHaveEachFlowOnce) {
  const std::string after = "SELECT COUNT(*) FROM flows f WHERE f.end_ns >= ?";
  for (const std::int64_t from_ns :
       {INT64_MIN, INT64_MIN + 1, std::int64_t{0}, std::int64_t{5'000'000'000},
        std::int64_t{11'000'000'000}, INT64_MAX}) {
    std::int64_t found = 0;
    for (const SqlCondition& part : StartParts(from_ns)) {
      std::vector<SqlValue> values{from_ns};
      values.insert(values.end(), part.params.begin(), part.params.end());
      found += Count(after + part.text, values);
    }
    EXPECT_EQ(found, Count(after, {from_ns})) << from_ns;
  }
}

TEST_F(FlowStartTest, ListsAndSumsHaveTheFlowsOfBothParts) {
  std::map<std::string, std::string> query{{"from", "1970-01-01T00:00:05Z"},
                                           {"to", "1970-01-01T00:01:00Z"},
                                           {"clock", "sensor"},
                                           {"limit", "2"}};
  std::string ids;
  for (int page = 0; page < 10; ++page) {
    const auto json = Json("/api/v1/flows", query);
    for (const auto& item : json["items"]) ids += item["id"].get<std::string>() + ' ';
    if (json["next"].is_null()) break;
    query["after"] = json["next"];
  }
  EXPECT_EQ(ids,
            "plant-a.1.4 plant-a.1.0 plant-a.1.2 plant-a.1.1 plant-a.1.7 plant-a.1.3 plant-a.1.a "
            "plant-a.1.9 ");
  query.erase("after");
  query.erase("limit");
  double flows = 0;
  const auto histogram = Json("/api/v1/flows/histogram", query);
  for (const auto& count : histogram["flows"]) {
    flows += count.get<double>();
  }
  EXPECT_EQ(flows, 8);
  query["field"] = "sensor";
  EXPECT_EQ(Json("/api/v1/flows/top", query)["items"][0]["flows"], 8);
}

using SqliteFlowStartTest = FlowStartTest;  // as it tells its plan

TEST_F(SqliteFlowStartTest, EachPartHasAnIndex) {
  std::string plan;
  for (const SqlCondition& part : StartParts(0)) {
    std::vector<SqlValue> values{std::int64_t{0}, std::int64_t{1}};
    values.insert(values.end(), part.params.begin(), part.params.end());
    plan +=
        test::PlanInPart(*catalog_,
                         "SELECT f.record FROM flows f WHERE f.end_ns >= ? AND f.start_ns <= ?" +
                             part.text + " ORDER BY f.start_ns DESC, f.id DESC LIMIT 3",
                         values, "flows_before");
  }
  EXPECT_EQ(plan,
            "SEARCH flows_before USING INDEX short_flows_by_start (start_ns>? AND start_ns<?)\n"
            "SEARCH flows_before USING INDEX long_flows_by_start (start_ns<?)\n");
}

// A page of an address ends with the batch that fills it: the rows are sorted within each.
TEST_F(SqliteFlowStartTest, BatchesAreNotSortedAsAWhole) {
  const SqlCondition condition = ConditionOf({FlowSide::kOriginator, {}, {}});
  std::string plan;
  ASSERT_TRUE(catalog_->Query("EXPLAIN QUERY PLAN SELECT f.record FROM " +
                                  std::string(kFlowsByBatch) + " WHERE " + condition.text +
                                  " ORDER BY b.received_ns DESC, f.id DESC LIMIT 3",
                              condition.params, [&plan](const SqlRow& row) {
                                plan += row.Text(3);
                                plan += '\n';
                                return true;
                              }));
  EXPECT_NE(plan.find("USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"), plan.npos) << plan;
}

// Counts that no sensor could have: PostgreSQL must still be able to add them up.
TEST_F(FlowSearchTest, HostileCountsCanBeSearchedFor) {
  std::vector<capture::FlowRecord> flows(1);
  flows[0].id = {2, 1};
  for (capture::FlowEnd* const end : {&flows[0].orig, &flows[0].resp}) {
    end->packets = UINT64_MAX;
    end->bytes = UINT64_MAX;
  }
  const std::int64_t sensor = SensorId("plant-b");
  ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(FlowRows(sensor, flows).Add(writer, 9'000'000'000));
    return {};
  }));
  for (const char* filter : {"flow.bytes > 1", "flow.packets > 1", "orig.bytes > 1"}) {
    EXPECT_THAT(List(filter), ElementsAre("plant-b.2.1")) << filter;
  }
  EXPECT_EQ(
      Json("/api/v1/flows/top", {{"field", "sensor"}, {"from", "1970-01-01"}})["items"].size(), 2u);
}

}  // namespace
}  // namespace tapiary::server
