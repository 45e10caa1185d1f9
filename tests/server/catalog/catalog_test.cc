#include "server/catalog/catalog.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "tests/base/temp_folder.h"
#include "tests/support/timing.h"

namespace tapiary::server {
namespace {

class CatalogTest : public testing::Test {
 protected:
  std::unique_ptr<Catalog> Open(std::int64_t read_limit_ns = 5'000'000'000) {
    auto catalog = Catalog::Open({.path = path_, .readers = 2, .read_limit_ns = read_limit_ns});
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

TEST_F(CatalogTest, FilesAreForTheOwnerOnly) {
  const auto catalog = Open();
  ASSERT_TRUE(AddSensor(*catalog, "plant-a"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    struct stat status {};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();
  }
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
  const auto count = catalog->Query(std::string("SELECT COUNT(*) FROM (") + kEndless + ")", {}, {});
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

// A short form of the fault's 60 s: readers that overlap all the time, and 50 MiB of writes.
TEST_F(CatalogTest, CO14_LoopingReadersDoNotLetTheLogGrow) {
  const auto catalog = Open(200'000'000);
  ASSERT_TRUE(AddSensor(*catalog, "a"));
  std::atomic<bool> stop = false;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!stop) {  // holds its snapshot for all of its time
        (void)catalog->Query(std::string("SELECT name FROM sensors, (") + kEndless + ")", {}, {})
            .has_value();
      }
    });
  }
  std::uintmax_t largest = 0;
  for (int i = 0; i < 200; ++i) {
    const auto written = catalog->Write([](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(
          writer.Execute("INSERT INTO audit (time_ns, actor, action, detail) "
                         "VALUES (0, '', '', hex(zeroblob(131072)))",
                         {}));
      return {};
    });
    ASSERT_TRUE(written) << written.error().message;
    std::error_code ignored;
    largest = std::max(largest, std::filesystem::file_size(path_ + "-wal", ignored));
  }
  stop = true;
  EXPECT_LT(largest, 64u << 20);
  EXPECT_GT(largest, 1u << 20);
}

TEST_F(CatalogTest, FullDiskIsUnavailableAndPasses) {
  const auto catalog = Open();
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small { 512 * 1024, before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string text(2 << 20, 'x');
  const auto fill = [&text](SqlWriter& writer) { return AddAudit(writer, "t", "fill", text); };
  const auto full = catalog->Write(fill);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, base::ErrorCode::kUnavailable) << full.error().message;
  EXPECT_EQ(Count(*catalog, "audit"), 0);
  EXPECT_TRUE(catalog->Write(fill));
  EXPECT_EQ(Count(*catalog, "audit"), 1);
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
