// An empty catalog, and its audit as texts.
#pragma once

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "server/audit/access_log.h"
#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"

namespace tapiary::server::test {

class AuditTest : public testing::Test {
 protected:
  void SetUp() override {
    auto catalog = Catalog::Open(TestCatalog(folder_.path() + "/catalog.db"));
    ASSERT_TRUE(catalog) << catalog.error().message;
    catalog_ = std::move(*catalog);
  }
  // "actor action detail status bytes xuses outcome"
  std::vector<std::string> Rows() {
    std::vector<std::string> rows;
    EXPECT_TRUE(catalog_->Query(
        "SELECT actor, action, detail, status, bytes, uses, outcome FROM audit ORDER BY id", {},
        [&rows](const SqlRow& row) {
          rows.push_back(fmt::format("{} {} {} {} {} x{} {}", row.Text(0), row.Text(1), row.Text(2),
                                     row.Int(3), row.Int(4), row.Int(5), row.Text(6)));
          return true;
        }));
    return rows;
  }
  static Access Search(const std::string& what, std::int64_t time_ns = 0,
                       const std::string& actor = "ann") {
    return {.actor = actor,
            .peer = "192.0.2.1",
            .action = "search",
            .detail = what,
            .same = what,
            .status = 200,
            .bytes = 10,
            .time_ns = time_ns};
  }
  void Execute(const std::string& sql, const std::vector<SqlValue>& values = {}) {
    const auto done = catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute(sql, values));
      return {};
    });
    ASSERT_TRUE(done) << done.error().message;
  }

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_;
};

}  // namespace tapiary::server::test
