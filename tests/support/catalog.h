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

// The options for the catalog that `path` names: the same path is the same catalog.
inline CatalogOptions TestCatalog(const std::string& path) {
  if (!OnPostgres()) return {.path = path};
  static std::set<std::string> made;
  const std::string schema = "t" + std::to_string(std::hash<std::string>()(path));
  const std::string url = "postgresql:///";
  if (made.insert(path).second) {
    const auto connection = PostgresConnection::Open(url, "");
    EXPECT_TRUE(connection) << connection.error().message;
    const auto done = (*connection)
                          ->Script("DROP SCHEMA IF EXISTS " + schema + " CASCADE; CREATE SCHEMA " +
                                   schema + "; SET search_path = " + schema + ";" + kForTests);
    EXPECT_TRUE(done) << done.error().message;
  }
  return {.url = url + "?options=-csearch_path%3D" + schema};
}

}  // namespace tapiary::server::test
