#include "server/catalog/catalog.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "base/clock.h"
#include "server/catalog/address_filter.h"
#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"
#include "tests/support/timing.h"

namespace tapiary::server {
namespace {

class CatalogTest : public testing::Test {
 protected:
  std::unique_ptr<Catalog> Open(std::int64_t read_limit_ns = 5'000'000'000) {
    CatalogOptions options = test::TestCatalog(path_);
    options.readers = 2;
    options.read_limit_ns = read_limit_ns;
    auto catalog = Catalog::Open(options);
    EXPECT_TRUE(catalog) << catalog.error().message;
    return catalog ? std::move(*catalog) : nullptr;
  }
  static base::Result<> AddSensor(Catalog& catalog, const std::string& name) {
    return catalog.Write([&name](SqlWriter& writer) -> base::Result<> {
      const std::vector<SqlValue> values{name, std::int64_t{1}};
      TAPIARY_TRY(writer.Execute("INSERT INTO sensors (name, created_ns) VALUES (?, ?)", values));
      return {};
    });
  }
  static std::int64_t Count(const Catalog& catalog, const std::string& table) {
    std::int64_t count = -1;
    const auto read = catalog.Query("SELECT COUNT(*) FROM " + table, {}, [&](const SqlRow& row) {
      count = row.Int(0);
      return true;
    });
    EXPECT_TRUE(read) << read.error().message;
    return count;
  }
  base::TempFolder folder_;
  std::string path_ = folder_.path() + "/catalog.db";
};

TEST_F(CatalogTest, WritesAreThereAfterReopening) {
  {
    const auto catalog = Open();
    ASSERT_TRUE(AddSensor(*catalog, "plant-a"));
  }
  EXPECT_EQ(Count(*Open(), "sensors"), 1);
}

// What a filter says is settled, since filters are stored: the same in SQL and here.
TEST_F(CatalogTest, AddressFiltersAreJudgedAlike) {
  const auto catalog = Open();
  std::vector<std::int64_t> hashes;
  std::array<std::uint8_t, 16> address{};
  for (int i = 0; i < 40; ++i) {
    address[15] = static_cast<std::uint8_t>(i);
    address[0] = static_cast<std::uint8_t>(200 - i);
    hashes.push_back(AddressHash(address));
  }
  const auto filter = MakeAddressFilter({hashes.begin(), hashes.begin() + 20});
  int yes = 0;
  for (const std::int64_t hash : hashes) {
    const std::vector<SqlValue> values{filter, hash};
    std::int64_t may = -1;
    ASSERT_TRUE(catalog->Query("SELECT CASE WHEN tapiary_may_have(?, ?) THEN 1 ELSE 0 END", values,
                               [&may](const SqlRow& row) {
                                 may = row.Int(0);
                                 return true;
                               }));
    EXPECT_EQ(may, MayHave(filter, hash) ? 1 : 0);
    yes += static_cast<int>(may);
  }
  EXPECT_GE(yes, 20);
  EXPECT_LT(yes, 30);
}

TEST_F(CatalogTest, NewRowsLeaveOutWhatIsThere) {
  const auto catalog = Open();
  ASSERT_TRUE(AddSensor(*catalog, "plant-a"));
  const auto insert = [&](const std::vector<std::int64_t>& seqs, bool fresh) {
    NewRows rows{"items", "sensor_id, epoch, seq, kind, digest, bytes, received_ns", 7, 3, fresh};
    for (const std::int64_t seq : seqs) {
      rows.values.insert(rows.values.end(),
                         {std::int64_t{1}, seq / 10, seq, std::string("flows"),
                          std::vector<std::uint8_t>{0, 9}, std::int64_t{5}, std::int64_t{6}});
    }
    std::vector<std::size_t> existing;
    const auto done =
        catalog->Write([&](SqlWriter& writer) { return writer.InsertNew(rows, &existing); });
    EXPECT_TRUE(done) << done.error().message;
    return existing;
  };
  using Numbers = std::vector<std::size_t>;
  EXPECT_EQ(insert({3, 4, 25}, true), Numbers{});
  EXPECT_EQ(insert({5, 4, 6, 25, 3, 26}, true), (Numbers{1, 3, 4}));
  EXPECT_EQ(insert({7, 6, 27}, false), Numbers{1});
  EXPECT_EQ(insert({}, true), Numbers{});
  EXPECT_EQ(Count(*catalog, "items"), 8);
  EXPECT_EQ(Count(*catalog, "items WHERE kind = 'flows' AND bytes = 5 AND seq / 10 = epoch"), 8);
}

TEST_F(CatalogTest, FailedWorkLeavesNothing) {
  const auto catalog = Open();
  const auto written = catalog->Write([](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute("INSERT INTO sensors (name, created_ns) VALUES ('x', 1)", {}));
    return base::MakeError(base::ErrorCode::kInvalid, "changed my mind");
  });
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, base::ErrorCode::kInvalid);
  EXPECT_EQ(Count(*catalog, "sensors"), 0);
  EXPECT_TRUE(AddSensor(*catalog, "x"));
}

TEST_F(CatalogTest, RoundTripsEveryKindOfValue) {
  const auto catalog = Open();
  const std::vector<SqlValue> values{nullptr,
                                     std::int64_t{INT64_MIN},
                                     1.5,
                                     std::string("\xc3\xa4"),
                                     std::vector<std::uint8_t>{0, 255},
                                     std::vector<std::uint8_t>{}};
  bool seen = false;
  ASSERT_TRUE(catalog->Query("SELECT ?, ?, ?, ?, ?, ?", values, [&](const SqlRow& row) {
    seen = true;
    EXPECT_EQ(row.size(), 6u);
    EXPECT_TRUE(row.IsNull(0));
    EXPECT_EQ(row.Text(0), "");
    EXPECT_EQ(row.Int(1), INT64_MIN);
    EXPECT_EQ(row.Real(2), 1.5);
    EXPECT_EQ(row.Text(3), "\xc3\xa4");
    EXPECT_EQ(std::vector<std::uint8_t>(row.Blob(4).begin(), row.Blob(4).end()),
              (std::vector<std::uint8_t>{0, 255}));
    EXPECT_FALSE(row.IsNull(5));
    return true;
  }));
  EXPECT_TRUE(seen);
}

TEST_F(CatalogTest, UniqueIsExistsAndReadersCannotWrite) {
  const auto catalog = Open();
  ASSERT_TRUE(AddSensor(*catalog, "a"));
  const auto again = AddSensor(*catalog, "a");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, base::ErrorCode::kExists);
  EXPECT_FALSE(catalog->Query("DELETE FROM sensors", {}, {}));
  EXPECT_EQ(Count(*catalog, "sensors"), 1);
}

TEST_F(CatalogTest, ForeignKeysHold) {
  const auto catalog = Open();
  EXPECT_FALSE(catalog->Write([](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute(
        "INSERT INTO gaps (sensor_id, epoch, from_ns, to_ns, reason, received_ns, record) "
        "VALUES (99, 0, 0, 0, '', 0, '')",
        {}));
    return {};
  }));
}

constexpr const char* kEndless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";

TEST_F(CatalogTest, CO13_TimeLimitEndsQueryAndKeepsRows) {
  const auto catalog = Open(50'000'000);
  constexpr std::int64_t kLimit = 2'000'000'000;
  const auto query = [&] {
    std::int64_t rows = 0;
    const std::int64_t start = base::SteadyNow();
    const auto read = catalog->Query(kEndless, {}, [&rows](const SqlRow&) {
      ++rows;
      return true;
    });
    EXPECT_FALSE(read);
    EXPECT_EQ(read.error().code, base::ErrorCode::kTimeout);
    EXPECT_GT(rows, 0);
    return base::SteadyNow() - start;
  };
  EXPECT_LT(timing::Shortest(kLimit, query), kLimit);
  // Also one that gives no row, and the connection is good afterwards.
  const auto count =
      catalog->Query(std::string("SELECT COUNT(*) FROM (") + kEndless + ") e", {}, {});
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code, base::ErrorCode::kTimeout);
  EXPECT_EQ(Count(*catalog, "sensors"), 0);
}

TEST_F(CatalogTest, BusyReadersAreUnavailable) {
  const auto catalog = Open(100'000'000);
  std::atomic<bool> stop = false;
  std::vector<std::jthread> readers;
  std::atomic<int> holding = 0;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      (void)catalog
          ->Query("SELECT 1", {},
                  [&](const SqlRow&) {
                    ++holding;
                    while (!stop) std::this_thread::yield();
                    return false;
                  })
          .has_value();
    });
  }
  while (holding < 2) std::this_thread::yield();
  const auto read = catalog->Query("SELECT 1", {}, {});
  EXPECT_TRUE(catalog->QuickQuery("SELECT 1", {}, {}));  // its connection is apart
  stop = true;
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, base::ErrorCode::kUnavailable);
}

TEST_F(CatalogTest, StopEndsRunningAndComingQueries) {
  const auto catalog = Open(60'000'000'000);
  std::atomic<bool> running = false;
  base::Result<> read;
  std::jthread reader([&] {
    read = catalog->Query(kEndless, {}, [&running](const SqlRow&) {
      running = true;
      return true;
    });
  });
  while (!running) std::this_thread::yield();
  const std::int64_t start = base::SteadyNow();
  catalog->RequestStop();
  reader.join();
  EXPECT_LT(base::SteadyNow() - start, 5'000'000'000);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, base::ErrorCode::kUnavailable);
  const auto later = catalog->Query("SELECT 1", {}, {});
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, base::ErrorCode::kUnavailable);
  EXPECT_TRUE(AddSensor(*catalog, "plant-a"));
  EXPECT_TRUE(catalog->QuickQuery("SELECT 1", {}, {}));
}

TEST_F(CatalogTest, ConcurrentWritersAllSucceed) {
  const auto catalog = Open();
  std::vector<std::jthread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([&catalog, w] {
      for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(AddSensor(*catalog, std::to_string(w * 100 + i)));
      }
    });
  }
  writers.clear();
  EXPECT_EQ(Count(*catalog, "sensors"), 40);
}

TEST_F(CatalogTest, FailedAttemptLeavesTheTransactionUsable) {
  const auto catalog = Open();
  const auto written = catalog->Write([](SqlWriter& writer) -> base::Result<> {
    const std::vector<SqlValue> values{std::string("a"), std::int64_t{1}};
    const char* insert = "INSERT INTO sensors (name, created_ns) VALUES (?, ?)";
    TAPIARY_TRY(writer.Execute(insert, values));
    const auto again = writer.Attempt([&]() -> base::Result<> {
      TAPIARY_TRY(writer.Execute("UPDATE sensors SET created_ns = 2", {}));
      TAPIARY_TRY(writer.Execute(insert, values));
      return {};
    });
    EXPECT_FALSE(again);
    EXPECT_EQ(again.error().code, base::ErrorCode::kExists);
    return writer.Attempt([&]() -> base::Result<> {
      TAPIARY_TRY(writer.Execute("INSERT INTO sensors (name, created_ns) VALUES ('b', 1)", {}));
      return {};
    });
  });
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(Count(*catalog, "sensors"), 2);
  EXPECT_EQ(Count(*catalog, "sensors WHERE created_ns = 2"), 0);
}

TEST_F(CatalogTest, AuditTextIsEscaped) {
  const auto catalog = Open();
  ASSERT_TRUE(catalog->Write([](SqlWriter& writer) {
    return AddAudit(writer, "a\xff", "token-created", std::string_view("x\0y", 3));
  }));
  ASSERT_TRUE(catalog->Query("SELECT actor, detail FROM audit", {}, [](const SqlRow& row) {
    EXPECT_EQ(row.Text(0), "a\\xff");
    EXPECT_EQ(row.Text(1), "x\\x00y");
    return true;
  }));
}

}  // namespace
}  // namespace tapiary::server
