// Runs on the catalog, SQLite or PostgreSQL.
#include "server/query/event_lookup.h"

#include <fmt/core.h>
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/ingest/rows.h"
#include "server/query/sql.h"
#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"
#include "tests/support/part_plans.h"

namespace tapiary::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class EventLookup : public testing::Test {
 protected:
  void SetUp() override {
    catalog_ = std::move(*Catalog::Open(test::TestCatalog(folder_.path() + "/c.db")));
    test::KeepEventsInOnePart(*catalog_);
    ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute("INSERT INTO sensors (name, created_ns) VALUES ('a', 0)", {}));
      return {};
    }));
  }
  void Add(std::int64_t id, std::string_view source) {
    const auto address = capture::ParseIpAddress(source).value();
    const std::vector<SqlValue> values{id, id, AddressValue(address)};
    ASSERT_TRUE(catalog_->Write([&values](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO events (id, sensor_id, time_ns, received_ns, type, source_ip, record) "
          "VALUES (?, 1, ?, 0, '', ?, '{}')",
          values));
      return {};
    }));
  }
  [[nodiscard]] static SqlCondition Select(std::string_view filter) {
    const SqlCondition where = ToSql(Filter::Parse(filter).value(), FilterTable::kEvents);
    return {fmt::format("SELECT e.id FROM {} WHERE {} AND e.received_ns >= 0 AND {} ORDER BY "
                        "e.received_ns DESC, e.id DESC LIMIT 100",
                        kEventsByRun, kIsInRun, where.text),
            where.params};
  }
  [[nodiscard]] std::vector<std::int64_t> Find(std::string_view filter) const {
    const SqlCondition select = Select(filter);
    std::vector<std::int64_t> ids;
    EXPECT_TRUE(catalog_->Query(select.text, select.params, [&ids](const SqlRow& row) {
      ids.push_back(row.Int(0));
      return true;
    }));
    return ids;
  }

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(EventLookup, OnlyFiltersThatNeedASourceAskForIt) {
  const auto asks = [](std::string_view text) {
    return AsksForSource(Filter::Parse(text).value());
  };
  EXPECT_TRUE(asks("ip.src == 10.0.0.1"));
  EXPECT_TRUE(asks("ip.src == 10.0.0.0/8"));
  EXPECT_TRUE(
      asks("event.user == root && (event.action == login && ip.src in {10.0.0.1, 10.0.0.2})"));
  EXPECT_FALSE(asks("ip.src == 10.0.0.1 || event.user == root"));
  EXPECT_FALSE(asks("!(ip.src == 10.0.0.1)"));
  EXPECT_FALSE(asks("ip.src != 10.0.0.1"));
  EXPECT_FALSE(asks("ip.src"));
  EXPECT_FALSE(asks("ip.dst == 10.0.0.1"));
  EXPECT_FALSE(asks("ip.addr == 10.0.0.1"));
  EXPECT_FALSE(asks("tcp.port == 22"));
  EXPECT_FALSE(asks(""));
}

TEST_F(EventLookup, FindsEachEventOfASourceOnceInWhateverRunItIs) {
  for (const std::int64_t id : {1, 4095, 4096, 4097, 8191, 40'960}) Add(id, "10.0.0.1");
  Add(1'000'000'000, "10.0.0.1");  // far from the others, by hand
  for (const std::int64_t id : {2, 4098, 50'000}) Add(id, "10.0.0.2");
  EXPECT_THAT(Find("ip.src == 10.0.0.1"),
              ElementsAre(1'000'000'000, 40'960, 8191, 4097, 4096, 4095, 1));
  EXPECT_THAT(Find("ip.src == 10.0.0.2"), ElementsAre(50'000, 4098, 2));
  EXPECT_THAT(Find("ip.src == 10.0.0.0/30 && frame.time >= 1970-01-01T00:00:00.00001Z"),
              ElementsAre(1'000'000'000, 50'000, 40'960));
  EXPECT_THAT(Find("ip.src == 10.0.0.3"), IsEmpty());
}

TEST_F(EventLookup, FindsNothingWhereNothingIs) {
  EXPECT_THAT(Find("ip.src == 10.0.0.1"), IsEmpty());
}

TEST_F(EventLookup, GoesByTheIndex) {
  if (test::OnPostgres()) GTEST_SKIP() << "SQLite's words";
  for (const char* const filter :
       {"ip.src == 10.0.0.1", "ip.src in {10.0.0.1, 10.0.0.2}", "ip.src == 10.0.0.0/8"}) {
    const SqlCondition select = Select(filter);
    const std::string plan =
        test::PlanInPart(*catalog_, select.text, select.params, "events_before");
    EXPECT_THAT(plan, HasSubstr("USING INDEX events_by_source (<expr>=? AND source_ip")) << filter;
  }
}

}  // namespace
}  // namespace tapiary::server
