#include "server/catalog/sqlite.h"

#include <gtest/gtest.h>

#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

class SqliteTest : public testing::Test {
 protected:
  base::TempFolder folder_;
  std::unique_ptr<SqliteConnection> connection_ =
      std::move(*SqliteConnection::Open(folder_.File("t.db", "")));
};

TEST_F(SqliteTest, VisitorMayRunTheSameStatement) {
  ASSERT_TRUE(connection_->Script("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)"));
  int inner = 0;
  ASSERT_TRUE(connection_->Run("SELECT a FROM t", {}, [&](const SqlRow&) {
    EXPECT_TRUE(connection_->Run("SELECT a FROM t", {}, [&inner](const SqlRow&) {
      ++inner;
      return true;
    }));
    return true;
  }));
  EXPECT_EQ(inner, 4);
}

TEST_F(SqliteTest, RefusesTwoStatementsAndWrongValueCounts) {
  EXPECT_FALSE(connection_->Run("SELECT 1; SELECT 2", {}, {}));
  EXPECT_FALSE(connection_->Run("", {}, {}));
  EXPECT_FALSE(connection_->Run("SELECT ?", {}, {}));
  EXPECT_FALSE(connection_->Run("SELEC 1", {}, {}));
}

TEST_F(SqliteTest, ManyDifferentStatementsAndChanges) {
  ASSERT_TRUE(connection_->Script("CREATE TABLE t (a)"));
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(connection_->Run("INSERT INTO t VALUES (" + std::to_string(i) + ")", {}, {}));
  }
  EXPECT_EQ(connection_->last_id(), 300);
  ASSERT_TRUE(connection_->Run("UPDATE t SET a = 0 WHERE a < 10", {}, {}));
  EXPECT_EQ(connection_->changes(), 10);
}

TEST_F(SqliteTest, SyncsTheLogWhenThereIsOne) {
  EXPECT_TRUE(connection_->SyncFile());
  EXPECT_FALSE(connection_->SyncLog());
  ASSERT_TRUE(connection_->Script("PRAGMA journal_mode = WAL; CREATE TABLE t (a)"));
  EXPECT_TRUE(connection_->SyncLog());
}

}  // namespace
}  // namespace tapiary::server
