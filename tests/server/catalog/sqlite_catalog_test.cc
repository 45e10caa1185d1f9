#include "server/catalog/sqlite_catalog.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include "server/catalog/address_list.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

class SqliteCatalogTest : public testing::Test {
 protected:
  std::unique_ptr<Catalog> Open(std::int64_t read_limit_ns = 5'000'000'000) {
    auto catalog = OpenSqliteCatalog({.path = path_, .readers = 2, .read_limit_ns = read_limit_ns});
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
  static std::int64_t AuditRows(const Catalog& catalog) {
    std::int64_t count = -1;
    EXPECT_TRUE(catalog.Query("SELECT COUNT(*) FROM audit", {}, [&](const SqlRow& row) {
      count = row.Int(0);
      return true;
    }));
    return count;
  }
  base::TempFolder folder_;
  std::string path_ = folder_.path() + "/catalog.db";
};

constexpr const char* kEndless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";

TEST_F(SqliteCatalogTest, FilesAreForTheOwnerOnly) {
  const auto catalog = Open();
  ASSERT_TRUE(AddSensor(*catalog, "plant-a"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    struct stat status {};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();
  }
}

// A short form of the fault's 60 s: the log is emptied while readers overlap all the time. When
// that does not work at once it is tried again each second.
TEST_F(SqliteCatalogTest, CO14_LoopingReadersDoNotLetTheLogGrow) {
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
  std::uintmax_t size = 0;
  for (int i = 0; i < 4000 && size >= largest / 2; ++i) {
    const auto written = catalog->Write([](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(
          writer.Execute("INSERT INTO audit (time_ns, actor, action, detail) "
                         "VALUES (0, '', '', hex(zeroblob(131072)))",
                         {}));
      return {};
    });
    ASSERT_TRUE(written) << written.error().message;
    std::error_code ignored;
    size = std::filesystem::file_size(path_ + "-wal", ignored);
    largest = std::max(largest, size);
  }
  stop = true;
  EXPECT_LT(size, largest / 2);
  EXPECT_GT(largest, 1u << 20);
}

TEST_F(SqliteCatalogTest, FullDiskIsUnavailableAndPasses) {
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
  EXPECT_EQ(AuditRows(*catalog), 0);
  EXPECT_TRUE(catalog->Write(fill));
  EXPECT_EQ(AuditRows(*catalog), 1);
}

TEST_F(SqliteCatalogTest, AddressListsAreReadBySql) {
  const auto catalog = Open();
  std::vector<AddressEntry> entries(3);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].address[15] = static_cast<std::uint8_t>(10 * i);
    entries[i].number = 100 - static_cast<std::int64_t>(i);
  }
  const std::vector<std::uint8_t> list = MakeAddressList(entries);
  const auto range = [&catalog](SqlValue of, std::uint8_t low, std::uint8_t high) {
    std::vector<std::uint8_t> bounds[2]{std::vector<std::uint8_t>(16),
                                        std::vector<std::uint8_t>(16)};
    bounds[0][15] = low;
    bounds[1][15] = high;
    const std::vector<SqlValue> values{of, bounds[0], bounds[1], of, bounds[0], bounds[1]};
    std::string found;
    EXPECT_TRUE(catalog->Query("SELECT tapiary_first(?, ?, ?), tapiary_last(?, ?, ?)", values,
                               [&found](const SqlRow& row) {
                                 found =
                                     std::to_string(row.Int(0)) + ' ' + std::to_string(row.Int(1));
                                 return true;
                               }));
    return found;
  };
  EXPECT_EQ(range(list, 0, 10), "99 100");
  EXPECT_EQ(range(list, 20, 20), "98 98");
  EXPECT_EQ(range(list, 11, 19), "1 0");
  EXPECT_EQ(range(nullptr, 0, 0), "0 9223372036854775807");
}

}  // namespace
}  // namespace tapiary::server
