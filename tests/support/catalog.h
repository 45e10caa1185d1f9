// The catalog that a test works on: a SQLite file in its folder, or, under postgres_server.sh, a
// schema of its own on that server. So one suite runs over both databases.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "server/catalog/catalog.h"
#include "server/catalog/postgres.h"

namespace tapiary::server::test {

// What tests look at rows with and SQLite has by itself.
inline constexpr const char* kForTests = R"sql(
CREATE FUNCTION hex(bytea) RETURNS text LANGUAGE sql AS $$ SELECT upper(encode($1, 'hex')) $$;
CREATE FUNCTION json_valid(j text) RETURNS boolean LANGUAGE plpgsql AS
  $$ BEGIN PERFORM j::json; RETURN true; EXCEPTION WHEN OTHERS THEN RETURN false; END $$;
CREATE FUNCTION json_text(text, text) RETURNS text LANGUAGE sql AS
  $$ SELECT jsonb_path_query_first($1::jsonb, $2::jsonpath) #>> '{}' $$;
CREATE OPERATOR ->> (LEFTARG = text, RIGHTARG = text, FUNCTION = json_text);
)sql";

inline bool OnPostgres() {
  return std::getenv("TAPIARY_TEST_POSTGRES") != nullptr;
}

// On PostgreSQL a test has a database of its own for each catalog. The schema takes a second to
// make, so it is made once and copied.
class TestDatabases {
 public:
  // The same path is the same database.
  static std::string UrlOf(const std::string& path, const char* like) {
    static TestDatabases databases;
    const std::string name = "t" + std::to_string(std::hash<std::string>()(path));
    databases.Make(name, like);
    return "postgresql:///" + name;
  }
  static constexpr const char* kEmpty = "tapiary_empty";
  static constexpr const char* kNewest = "tapiary_newest";

 private:
  static bool Run(const std::string& database, const std::string& script) {
    const auto connection = PostgresConnection::Open("postgresql:///" + database, "");
    EXPECT_TRUE(connection) << connection.error().message;
    const auto done = connection ? (*connection)->Script(script) : base::Result<>();
    return connection && done;
  }
  static void MakeTemplates() {
    if (!Run("postgres", std::string("CREATE DATABASE ") + kEmpty)) return;  // another program did
    EXPECT_TRUE(Run(kEmpty, kForTests));
    EXPECT_TRUE(Run("postgres", Like(kNewest, kEmpty)));
    EXPECT_TRUE(Catalog::Open({.url = std::string("postgresql:///") + kNewest}));
  }
  static std::string Like(const std::string& name, const std::string& like) {
    return "CREATE DATABASE " + name + " TEMPLATE " + like;
  }
  static std::string TestName() {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    return test == nullptr ? "" : std::string(test->test_suite_name()) + "." + test->name();
  }
  void Make(const std::string& name, const char* like) {
    if (test_ == TestName() && made_.contains(name)) return;
    if (test_ != TestName()) {
      if (test_.empty()) MakeTemplates();
      for (const std::string& old : made_) {
        EXPECT_TRUE(Run("postgres", "DROP DATABASE IF EXISTS " + old + " WITH (FORCE)"));
      }
      made_.clear();
      test_ = TestName();
    }
    EXPECT_TRUE(Run("postgres", Like(name, like)));
    made_.insert(name);
  }

  std::string test_;
  std::set<std::string> made_;
};

// The options for the catalog that `path` names: the same path is the same catalog.
inline CatalogOptions TestCatalog(const std::string& path) {
  if (!OnPostgres()) return {.path = path};
  return {.url = TestDatabases::UrlOf(path, TestDatabases::kNewest)};
}
// One that has no schema yet.
inline CatalogOptions EmptyCatalog(const std::string& path) {
  if (!OnPostgres()) return {.path = path};
  return {.url = TestDatabases::UrlOf(path, TestDatabases::kEmpty)};
}

// So that events have the ids that they are inserted with: on SQLite a later part adds its number.
inline void KeepEventsInOnePart(Catalog& catalog) {
  if (OnPostgres()) return;
  const auto done = catalog.Write([](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute(
        "UPDATE time_parts SET to_ns = 9223372036854775807 WHERE name = 'events_before'", {}));
    return {};
  });
  EXPECT_TRUE(done) << done.error().message;
}

}  // namespace tapiary::server::test
