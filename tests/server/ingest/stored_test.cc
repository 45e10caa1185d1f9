// Runs on the catalog, SQLite or PostgreSQL.
#include "server/ingest/stored.h"
#include "base/clock.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"

namespace tapiary::server {
namespace {

class StoredTest : public testing::Test {
 protected:
  void SetUp() override {
    catalog_ = std::move(*Catalog::Open(test::TestCatalog(folder_.path() + "/c.db")));
    ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO sensors (id, name, created_ns) VALUES (1, 'a', 1), (2, 'b', 1)", {}));
      return {};
    }));
  }
  void Count(DataKind kind, std::int64_t sensor, const StoredChanges& changes) {
    ASSERT_TRUE(catalog_->Write(
        [&](SqlWriter& writer) { return CountStored(writer, kind, sensor, changes); }));
  }
  std::vector<std::string> Read() {
    const auto hours = ReadStored(*catalog_);
    EXPECT_TRUE(hours);
    std::vector<std::string> texts;
    for (const StoredHour& hour : *hours) {
      texts.push_back(std::to_string(hour.hour) + " " + std::string(ToString(hour.kind)) + " " +
                      std::to_string(hour.sensor_id) + ": " + std::to_string(hour.amount.entries) +
                      ", " + std::to_string(hour.amount.bytes));
    }
    return texts;
  }

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(StoredTest, AddsAndTakesAwayByHourKindAndSensor) {
  Count(DataKind::kFlows, 1, {{5, {2, 200}}, {6, {1, 100}}});
  Count(DataKind::kFlows, 1, {{5, {-1, -100}}, {6, {0, 0}}});
  Count(DataKind::kPackets, 2, {{4, {1, 7}}});
  EXPECT_EQ(Read(), (std::vector<std::string>{"4 packets 2: 1, 7", "5 flows 1: 1, 100",
                                              "6 flows 1: 1, 100"}));
  Count(DataKind::kFlows, 1, {{6, {-1, -100}}});
  EXPECT_EQ(Read().size(), 2u);
}

TEST_F(StoredTest, ATimeOfReceptionIsInItsHour) {
  ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) {
    return CountStored(writer, DataKind::kEvents, 1,
                       9 * base::kNanosPerHour + base::kNanosPerHour - 1, {3, 30});
  }));
  EXPECT_EQ(Read(), (std::vector<std::string>{"9 events 1: 3, 30"}));
}

TEST(DataKinds, NamesAreReadBack) {
  for (const DataKind kind : kDataKinds) EXPECT_EQ(*ParseDataKind(ToString(kind)), kind);
  EXPECT_FALSE(ParseDataKind("segments"));
}

}  // namespace
}  // namespace tapiary::server
