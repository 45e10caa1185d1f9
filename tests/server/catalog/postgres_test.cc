#include "server/catalog/postgres.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/support/catalog.h"

namespace tapiary::server {
namespace {

TEST(PostgresUrl, CO08_PasswordsStayOutOfItAndOutOfErrors) {
  EXPECT_TRUE(CheckPostgresUrl("postgresql://tapiary@db.example:5433/tapiary?sslmode=verify-full"));
  EXPECT_TRUE(CheckPostgresUrl("postgres:///tapiary"));
  for (const char* url :
       {"postgresql://tapiary:sesame@db.example/tapiary",
        "postgresql://db.example/x?password=sesame", "postgresql://db.example/x?sslpassword=sesame",
        "host=db password=sesame", "postgresql://sesame:@@/x?y=sesame", "mysql://sesame"}) {
    const auto checked = CheckPostgresUrl(url);
    ASSERT_FALSE(checked) << url;
    EXPECT_EQ(checked.error().code, base::ErrorCode::kInvalid);
    EXPECT_EQ(checked.error().message.find("sesame"), std::string::npos);
  }
}

TEST(PostgresUrl, ServerThatIsNotThereIsUnavailable) {
  const auto connection = PostgresConnection::Open("postgresql://127.0.0.1:1/x", "sesame");
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(connection.error().message.find("sesame"), std::string::npos);
}

// On a real server: see postgres_server.sh.
class PostgresTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::OnPostgres()) GTEST_SKIP() << "runs under postgres_server.sh";
    connection_ = std::move(*PostgresConnection::Open("postgresql:///", ""));
  }
  std::int64_t Number(std::string_view sql, const std::vector<SqlValue>& values = {}) {
    std::int64_t number = -1;
    const auto done = connection_->Run(sql, values, [&number](const SqlRow& row) {
      number = row.Int(0);
      return true;
    });
    EXPECT_TRUE(done) << done.error().message;
    return number;
  }
  std::unique_ptr<PostgresConnection> connection_;
};

TEST_F(PostgresTest, DeadlineCancelsAndTheConnectionStaysGood) {
  const std::int64_t start = base::SteadyNow();
  connection_->SetDeadline(start + 200'000'000);
  const auto slept =
      connection_->Run("SELECT pg_sleep(20)", {}, [](const SqlRow&) { return true; });
  ASSERT_FALSE(slept);
  EXPECT_EQ(slept.error().code, base::ErrorCode::kTimeout);
  EXPECT_LT(base::SteadyNow() - start, 5'000'000'000);
  connection_->SetDeadline(0);
  EXPECT_TRUE(connection_->alive());
  EXPECT_EQ(Number("SELECT 7"), 7);
}

TEST_F(PostgresTest, RestOfAResultThatIsNotWantedIsCancelled) {
  const std::int64_t start = base::SteadyNow();
  std::int64_t rows = 0;
  EXPECT_TRUE(connection_->Run("SELECT generate_series(1, 100000000)", {},
                               [&rows](const SqlRow&) { return ++rows < 10; }));
  EXPECT_EQ(rows, 10);
  EXPECT_LT(base::SteadyNow() - start, 20'000'000'000);
  EXPECT_EQ(Number("SELECT 8"), 8);
}

TEST_F(PostgresTest, ManyDifferentStatementsAndKindsOfValues) {
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(Number("SELECT ? + " + std::to_string(i), {std::int64_t{1}}), i + 1);
  }
  EXPECT_EQ(Number("SELECT CASE WHEN CAST(? AS BIGINT) IS NULL THEN 1 ELSE 0 END", {nullptr}), 1);
  EXPECT_EQ(Number("SELECT length(?)", {std::string(70'000, 'x')}), 70'000);
  EXPECT_EQ(Number("SELECT length(?)", {std::vector<std::uint8_t>(3, 0)}), 3);
}

TEST_F(PostgresTest, CO03_TextsThatItCannotHoldAreInvalidAlone) {
  for (const std::string& text : {std::string("a\0b", 3), std::string("\xff")}) {
    const auto refused = connection_->Run("SELECT length(?)", std::vector<SqlValue>{text}, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::ErrorCode::kInvalid);
  }
  EXPECT_EQ(Number("SELECT 9"), 9);
}

}  // namespace
}  // namespace tapiary::server
