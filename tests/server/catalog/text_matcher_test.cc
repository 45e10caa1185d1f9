#include "server/catalog/text_matcher.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

namespace tapiary::server {
namespace {

TEST(TextMatcher, Matches) {
  const auto matcher = TextMatcher::Make("^a.c$");
  ASSERT_TRUE(matcher);
  EXPECT_TRUE((*matcher)->Matches("abc"));
  EXPECT_TRUE((*matcher)->Matches("a\nc"));
  EXPECT_FALSE((*matcher)->Matches("abcd"));
  EXPECT_FALSE((*matcher)->Matches(""));
}

TEST(TextMatcher, CO13_WrongOrLargePatternsAreErrors) {
  EXPECT_EQ(TextMatcher::Make("(").error().code, base::ErrorCode::kInvalid);
  EXPECT_EQ(TextMatcher::Make("((.{1000}){10}){10}").error().code, base::ErrorCode::kInvalid);
  EXPECT_EQ(TextMatcher::Make("[^a]{1000}[^b]{1000}\\pL{1000}\\pL{1000}").error().code,
            base::ErrorCode::kTooLarge);
}

class MatchFunction : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(sqlite3_open(":memory:", &database_), SQLITE_OK);
    ASSERT_TRUE(AddMatchFunction(database_));
  }
  void TearDown() override { sqlite3_close(database_); }
  // Rows of one column, joined by commas; the message for an error.
  std::string Run(const std::string& sql) {
    std::string rows;
    const auto take = [](void* user, int, char** cells, char**) {
      auto& all = *static_cast<std::string*>(user);
      all += (all.empty() ? "" : ",") + std::string(cells[0] == nullptr ? "NULL" : cells[0]);
      return 0;
    };
    char* message = nullptr;
    if (sqlite3_exec(database_, sql.c_str(), take, &rows, &message) != SQLITE_OK) {
      rows = message;
      sqlite3_free(message);
    }
    return rows;
  }
  sqlite3* database_ = nullptr;
};

TEST_F(MatchFunction, JudgesEachRow) {
  EXPECT_EQ(Run("WITH t(a) AS (VALUES ('abc'), ('x'), (NULL), ('b')) "
                "SELECT tapiary_matches(a, 'b') FROM t"),
            "1,0,NULL,1");
}

TEST_F(MatchFunction, AnotherPatternEachRowIsNotMixedUp) {
  EXPECT_EQ(Run("WITH t(a, p) AS (VALUES ('abc', 'b'), ('abc', 'x'), ('x', 'x')) "
                "SELECT tapiary_matches(a, p) FROM t"),
            "1,0,1");
}

TEST_F(MatchFunction, AWrongPatternIsAnError) {
  EXPECT_EQ(Run("SELECT tapiary_matches('a', '(')"), "missing ): (");
}

}  // namespace
}  // namespace tapiary::server
