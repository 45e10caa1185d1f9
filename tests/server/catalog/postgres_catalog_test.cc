#include "server/catalog/postgres_catalog.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"

namespace tapiary::server {
namespace {

class PostgresCatalogTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::OnPostgres()) GTEST_SKIP() << "runs under postgres_server.sh";
    options_ = test::EmptyCatalog(folder_.path());
    catalog_ = Open();
  }
  std::unique_ptr<Catalog> Open() {
    auto catalog = Catalog::Open(options_);
    EXPECT_TRUE(catalog) << catalog.error().message;
    return catalog ? std::move(*catalog) : nullptr;
  }
  static base::Result<std::int64_t> AddSensor(Catalog& catalog, const std::string& name) {
    std::int64_t added = 0;
    TAPIARY_TRY(catalog.Write([&](SqlWriter& writer) -> base::Result<> {
      const std::vector<SqlValue> values{name};
      TAPIARY_ASSIGN(added, writer.Execute("INSERT INTO sensors (name, created_ns) VALUES (?, 1) "
                                           "ON CONFLICT DO NOTHING",
                                           values));
      return {};
    }));
    return added;
  }
  std::int64_t Sensors() {
    std::int64_t count = -1;
    const auto read = catalog_->Query("SELECT COUNT(*) FROM sensors", {}, [&](const SqlRow& row) {
      count = row.Int(0);
      return true;
    });
    EXPECT_TRUE(read) << read.error().message;
    return count;
  }
  static void Server(const std::string& verb) {  // as who it runs: see postgres_server.sh
    const std::string as = ::geteuid() == 0 ? "cd / && runuser -u postgres -- " : "";
    const std::string command = as + std::getenv("TAPIARY_TEST_POSTGRES_BIN") + "/pg_ctl -D " +
                                std::getenv("TAPIARY_TEST_POSTGRES") + " -w " + verb +
                                " >/dev/null 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }

  base::TempFolder folder_;
  CatalogOptions options_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(PostgresCatalogTest, CollectorsThatStartAtOnceMakeTheSchemaOnce) {
  options_ = test::EmptyCatalog(folder_.path() + "/another");
  std::vector<std::jthread> collectors;
  for (int i = 0; i < 4; ++i) {
    collectors.emplace_back([this] { EXPECT_NE(Open(), nullptr); });
  }
  collectors.clear();
  catalog_ = Open();
  EXPECT_EQ(Sensors(), 0);
}

TEST_F(PostgresCatalogTest, NewerSchemaIsRefused) {
  ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute("UPDATE schema_version SET version = 999", {}));
    return {};
  }));
  const auto again = Catalog::Open(options_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, base::ErrorCode::kCorrupt);
}

// One row that several collectors want to make: exactly one does, nobody fails.
TEST_F(PostgresCatalogTest, UP01_CollectorsThatMeetStoreOneCopy) {
  const auto other = Open();
  std::atomic<int> added = 0;
  std::vector<std::jthread> writers;
  for (int w = 0; w < 8; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < 20; ++i) {
        const auto one = AddSensor(w % 2 == 0 ? *catalog_ : *other, std::to_string(i));
        EXPECT_TRUE(one) << one.error().message;
        if (one) added += static_cast<int>(*one);
      }
    });
  }
  writers.clear();
  EXPECT_EQ(added, 20);
  EXPECT_EQ(Sensors(), 20);
}

TEST_F(PostgresCatalogTest, ServerThatWentAwayIsUnavailableAndComesBackWithoutARestart) {
  ASSERT_TRUE(AddSensor(*catalog_, "a"));
  EXPECT_EQ(Sensors(), 1);
  Server("-m immediate stop");
  const auto write = AddSensor(*catalog_, "b");
  ASSERT_FALSE(write);
  EXPECT_EQ(write.error().code, base::ErrorCode::kUnavailable) << write.error().message;
  for (const auto& read :
       {catalog_->Query("SELECT 1", {}, {}), catalog_->QuickQuery("SELECT 1", {}, {})}) {
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, base::ErrorCode::kUnavailable) << read.error().message;
  }
  Server("-l /dev/null start");
  EXPECT_EQ(Sensors(), 1);
  EXPECT_TRUE(AddSensor(*catalog_, "b"));
  EXPECT_EQ(Sensors(), 2);
}

// Between two statements of a transaction: nothing of it stands.
TEST_F(PostgresCatalogTest, ConnectionLostInATransactionLeavesNothing) {
  const auto written = catalog_->Write([](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute("INSERT INTO sensors (name, created_ns) VALUES ('x', 1)", {}));
    (void)writer.Query("SELECT pg_terminate_backend(pg_backend_pid())", {}, {}).has_value();
    TAPIARY_TRY(writer.Execute("INSERT INTO sensors (name, created_ns) VALUES ('y', 1)", {}));
    return {};
  });
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, base::ErrorCode::kUnavailable) << written.error().message;
  EXPECT_EQ(Sensors(), 0);
  EXPECT_TRUE(AddSensor(*catalog_, "x"));
}

// The server's end of idle connections (a restart, a firewall) is no failure that anybody sees.
TEST_F(PostgresCatalogTest, IdleConnectionsThatBrokeAreReplaced) {
  ASSERT_TRUE(AddSensor(*catalog_, "a"));
  EXPECT_EQ(Sensors(), 1);
  const auto admin = std::move(*PostgresConnection::Open("postgresql:///", ""));
  ASSERT_TRUE(
      admin->Script("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> "
                    "pg_backend_pid() AND backend_type = 'client backend'"));
  EXPECT_TRUE(AddSensor(*catalog_, "b"));
  EXPECT_EQ(Sensors(), 2);
}

TEST_F(PostgresCatalogTest, PasswordComesFromAFile) {
  const std::string password = std::getenv("PGPASSWORD");
  options_.password_file = folder_.File("password", password + "\n");
  ASSERT_EQ(::setenv("PGPASSWORD", "wrong", 1), 0);
  EXPECT_TRUE(Catalog::Open(options_));
  options_.password_file = folder_.File("wrong", "sesame");
  const auto refused = Catalog::Open(options_);
  ASSERT_EQ(::setenv("PGPASSWORD", password.c_str(), 1), 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("sesame"), std::string::npos);
  options_.password_file = folder_.path() + "/none";
  EXPECT_FALSE(Catalog::Open(options_));
}

}  // namespace
}  // namespace tapiary::server
