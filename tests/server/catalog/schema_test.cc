#include "server/catalog/schema.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "server/catalog/catalog.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

void Raw(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
}

TEST(Schema, OpeningTwiceAppliesTheStepsOnce) {
  const base::TempFolder folder;
  const CatalogOptions options{.path = folder.path() + "/c.db"};
  ASSERT_TRUE(Catalog::Open(options));
  const auto catalog = Catalog::Open(options);
  ASSERT_TRUE(catalog) << catalog.error().message;
  std::int64_t version = 0;
  ASSERT_TRUE((*catalog)->Query("PRAGMA user_version", {}, [&version](const SqlRow& row) {
    version = row.Int(0);
    return true;
  }));
  EXPECT_EQ(version, static_cast<std::int64_t>(SchemaSteps().size()));
}

TEST(Schema, NewerVersionIsRefusedWithAClearText) {
  const base::TempFolder folder;
  const std::string path = folder.path() + "/c.db";
  ASSERT_TRUE(Catalog::Open({.path = path}));
  Raw(path, "PRAGMA user_version = 999");
  const auto catalog = Catalog::Open({.path = path});
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, base::ErrorCode::kCorrupt);
  EXPECT_NE(catalog.error().message.find("schema version 999"), std::string::npos);
}

// Index of the first step that contains `text`.
std::size_t StepWith(std::string_view text) {
  std::size_t step = 0;
  while (std::string_view(SchemaSteps()[step]).find(text) == std::string_view::npos) ++step;
  return step;
}

TEST(Schema, TokensOfBeforeKeepTheirScopeWhenAnalystsCome) {
  const base::TempFolder folder;
  const std::string path = folder.path() + "/c.db";
  const std::size_t step = StepWith("'analyst'");
  for (std::size_t i = 0; i < step; ++i) Raw(path, SchemaSteps()[i]);
  Raw(path,
      "INSERT INTO tokens (name, scope, hash, created_ns) VALUES ('a', 'admin', x'01', 5), "
      "('v', 'viewer', x'02', 6); PRAGMA user_version = " +
          std::to_string(step));
  const auto catalog = Catalog::Open({.path = path});
  ASSERT_TRUE(catalog) << catalog.error().message;
  std::string found;
  ASSERT_TRUE((*catalog)->Query(
      "SELECT name, scope, created_ns FROM tokens ORDER BY id", {}, [&found](const SqlRow& row) {
        found += std::string(row.Text(0)) + ' ' + std::string(row.Text(1)) +
                 std::to_string(row.Int(2)) + '\n';
        return true;
      }));
  EXPECT_EQ(found, "a admin5\nv viewer6\n");
  const auto add = [&](const std::string& scope) {
    return (*catalog)->Write([&](SqlWriter& writer) -> base::Result<> {
      const std::vector<SqlValue> values{scope,
                                         std::vector<std::uint8_t>(scope.begin(), scope.end())};
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO tokens (name, scope, hash, created_ns) VALUES ('n', ?, ?, 1)", values));
      return {};
    });
  };
  EXPECT_TRUE(add("analyst"));
  EXPECT_FALSE(add("root"));
}

TEST(Schema, FailingStepLeavesNothingAndNoDatabaseIsAnError) {
  const base::TempFolder folder;
  const std::string path = folder.path() + "/c.db";
  Raw(path, "CREATE TABLE audit (x)");  // the last table of step 1 is there already
  EXPECT_FALSE(Catalog::Open({.path = path}));
  Raw(path, "DROP TABLE audit");
  EXPECT_TRUE(Catalog::Open({.path = path}));  // so nothing of the failed try is there
  EXPECT_FALSE(Catalog::Open({.path = folder.File("no.db", std::string(4096, 'x'))}));
  EXPECT_FALSE(Catalog::Open({.path = folder.path() + "/none/c.db"}));
}

TEST(Schema, FlowsOfTheFirstVersionAreCounted) {
  const base::TempFolder folder;
  const std::string path = folder.path() + "/c.db";
  Raw(path, SchemaSteps()[0]);
  const std::string insert =
      "INSERT INTO flows (sensor_id, epoch, number, part, stream, interface, start_ns, end_ns, "
      "proto, ether_type, orig_port, resp_port, orig_packets, orig_bytes, resp_packets, "
      "resp_bytes, community_id, service, transactions, commands, received_ns, blocks, record) "
      "VALUES (1, 2, ";
  const std::string rest =
      ", 0, 0, '', 1, 2, 6, 2048, 3, 4, 5, 6, 7, 9223372036854775807, '', '', 0, 0, ";
  Raw(path, insert + "1" + rest + "100, '[]', '{}')");
  Raw(path, insert + "2" + rest + "100, '[]', '{}')");
  Raw(path, insert + "3" + rest + "101, '[]', '{}')");
  Raw(path, "PRAGMA user_version = 1");
  const auto catalog = Catalog::Open({.path = path});
  ASSERT_TRUE(catalog) << catalog.error().message;
  std::vector<std::string> rows;
  ASSERT_TRUE((*catalog)->Query(
      "SELECT received_ns || ' ' || flows || ' ' || packets || ' ' || (bytes > 9e18) FROM "
      "flow_batches ORDER BY received_ns",
      {}, [&rows](const SqlRow& row) {
        rows.emplace_back(row.Text(0));
        return true;
      }));
  EXPECT_EQ(rows, (std::vector<std::string>{"100 2 24.0 1", "101 1 12.0 1"}));
}

TEST(Schema, FlowsOfBeforeAreInLists) {
  const base::TempFolder folder;
  const std::string path = folder.path() + "/c.db";
  const std::size_t step = StepWith("CREATE TABLE flow_ends");
  for (std::size_t i = 0; i < step; ++i) Raw(path, SchemaSteps()[i]);
  const auto flow = [&path](int number, int received_ns, const std::string& ip) {
    Raw(path,
        "INSERT INTO flows (sensor_id, epoch, number, part, stream, interface, start_ns, end_ns, "
        "proto, ether_type, orig_ip, orig_port, resp_port, orig_packets, orig_bytes, "
        "resp_packets, resp_bytes, community_id, service, transactions, commands, received_ns, "
        "blocks, record) VALUES (1, 2, " +
            std::to_string(number) + ", 0, 0, '', 1, 2, 6, 2048, " + ip +
            ", 3, 4, 5, 6, 7, 8, '', '', 0, 0, " + std::to_string(received_ns) + ", '[]', '{}')");
  };
  const std::string ip = "x'00000000000000000000ffff0a000001'";
  flow(7, 100, ip);
  flow(8, 100, "NULL");
  flow(9, 100, ip);
  flow(5, 101, "x'00000000000000000000ffff0a000002'");
  Raw(path, "PRAGMA user_version = " + std::to_string(step));
  const auto catalog = Catalog::Open({.path = path});
  ASSERT_TRUE(catalog) << catalog.error().message;
  std::string found;
  ASSERT_TRUE((*catalog)->Query(
      "SELECT tapiary_first(orig, " + ip + ", " + ip + ") || '-' || tapiary_last(orig, " + ip +
          ", " + ip + ") || ' ' || (resp IS NULL) FROM flow_ends ORDER BY received_ns",
      {}, [&found](const SqlRow& row) {
        found += std::string(row.Text(0)) + '\n';
        return true;
      }));
  EXPECT_EQ(found, "7-9 0\n1-0 0\n");
}

}  // namespace
}  // namespace tapiary::server
