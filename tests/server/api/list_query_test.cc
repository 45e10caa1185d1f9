#include "server/api/list_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"

namespace tapiary::server {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kNow = 1'800'000'000'000'000'000;

base::Result<ListQuery> Parse(std::map<std::string, std::string> query, Response* problem) {
  Request request;
  request.query = std::move(query);
  return ParseListQuery(request, kNow, problem);
}

ListQuery Good(std::map<std::string, std::string> query) {
  Response problem;
  auto parsed = Parse(std::move(query), &problem);
  EXPECT_TRUE(parsed) << problem.body;
  return parsed ? *parsed : ListQuery{};
}

std::string Bad(std::map<std::string, std::string> query) {
  Response problem;
  problem.status = 0;
  EXPECT_FALSE(Parse(std::move(query), &problem));
  EXPECT_EQ(problem.status, 400);
  return problem.body;
}

TEST(ListQuery, CO13_DefaultIsTheLastDayByArrival) {
  const ListQuery query = Good({});
  EXPECT_EQ(query.window.from_ns, kNow - kDefaultWindowNs);
  EXPECT_EQ(query.window.to_ns, INT64_MAX);
  EXPECT_EQ(query.window.clock, Clock::kReceived);
  EXPECT_EQ(query.limit, 100);
  EXPECT_EQ(query.format, ListFormat::kJson);
}

TEST(ListQuery, Windows) {
  EXPECT_EQ(Good({{"last", "1h"}}).window.from_ns, kNow - 3'600'000'000'000);
  const ListQuery span =
      Good({{"from", "1970-01-02"}, {"to", "1970-01-03T00:00:00"}, {"clock", "sensor"}});
  EXPECT_EQ(span.window.from_ns, 86'400'000'000'000);
  EXPECT_EQ(span.window.to_ns, 2 * 86'400'000'000'000);
  EXPECT_EQ(span.window.clock, Clock::kSensor);
  EXPECT_EQ(Good({{"to", "1970-01-03"}}).window.from_ns, 86'400'000'000'000);
  EXPECT_THAT(Bad({{"from", "1970-01-03"}, {"to", "1970-01-02"}}), HasSubstr("later than to"));
  EXPECT_THAT(Bad({{"last", "1h"}, {"from", "1970-01-03"}}), HasSubstr("not together"));
  EXPECT_THAT(Bad({{"last", "yesterday"}}), HasSubstr("duration"));
  EXPECT_THAT(Bad({{"from", "now"}}), HasSubstr("from"));
  EXPECT_THAT(Bad({{"clock", "mine"}}), HasSubstr("received or sensor"));
}

TEST(ListQuery, LimitsAndFormats) {
  EXPECT_EQ(Good({{"limit", "1000"}}).limit, 1000);
  for (const char* limit : {"0", "1001", "-1", "x", "99999999999999999999", "1 "}) {
    EXPECT_THAT(Bad({{"limit", limit}}), HasSubstr("from 1 to 1000")) << limit;
  }
  EXPECT_EQ(Good({{"format", "csv"}}).format, ListFormat::kCsv);
  EXPECT_THAT(Bad({{"format", "xml"}}), HasSubstr("ndjson"));
}

TEST(ListQuery, CO09_UnknownParametersAreRefused) {
  EXPECT_THAT(Bad({{"sort", "id; DROP TABLE flows"}}), HasSubstr("unknown parameter"));
  EXPECT_THAT(Bad({{"fliter", "command"}}), HasSubstr("unknown parameter"));
  EXPECT_THAT(Bad({{"filter from", "x"}}), HasSubstr("unknown parameter"));
}

TEST(ListQuery, CursorsRoundTripAndFailClosed) {
  const Cursor cursor{Clock::kSensor, -5, 77};
  const ListQuery query = Good({{"after", cursor.ToString()}, {"clock", "sensor"}});
  EXPECT_EQ(query.after->key, -5);
  EXPECT_EQ(query.after->id, 77);
  EXPECT_THAT(Bad({{"after", cursor.ToString()}}), HasSubstr("other clock"));
  for (const char* wrong :
       {"zz", "00", "722e", "722e312e", "722e2e31", "782e312e32", "722e312e3278"}) {
    EXPECT_THAT(Bad({{"after", wrong}}), HasSubstr("not a cursor")) << wrong;
  }
}

TEST(ListQuery, FilterErrorsTellThePosition) {
  const auto problem = nlohmann::json::parse(Bad({{"filter", "tcp && ip.adr == 1.2.3.4"}}));
  EXPECT_EQ(problem["status"], 400);
  EXPECT_EQ(problem["position"], 7);
  EXPECT_EQ(problem["length"], 6);
  EXPECT_EQ(problem["suggestion"], "ip.addr");
  EXPECT_THAT(problem["detail"].get<std::string>(), HasSubstr("did you mean 'ip.addr'?"));
}

}  // namespace
}  // namespace tapiary::server
