// Random rows of five days, for tests that compare what SQLite answers of a table in parts with
// what it answers of a plain one.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/catalog/time_parts.h"
#include "tests/base/temp_folder.h"
#include "tests/support/part_plans.h"

namespace tapiary::server::test {

class RandomRowsTest : public testing::Test {
 protected:
  static constexpr std::int64_t kDay = 20'800 * base::kNanosPerDay;  // some day of 2026
  static constexpr int kDays = 5;
  static constexpr std::int64_t kRows = 400;

  // A catalog with two sensors and what `fill` adds.
  void OpenWith(const std::function<base::Result<>(SqlWriter&)>& fill) {
    auto catalog = Catalog::Open({.path = folder_.path() + "/c.db"});
    ASSERT_TRUE(catalog) << catalog.error().message;
    catalog_ = std::move(*catalog);
    const auto filled = catalog_->Write([&fill](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO sensors (id, name, created_ns) VALUES (1, 'a', 1), (2, 'b', 1)", {}));
      return fill(writer);
    });
    ASSERT_TRUE(filled) << filled.error().message;
  }
  std::int64_t Any(std::int64_t below) {
    return std::uniform_int_distribution<std::int64_t>(0, below - 1)(random_);
  }
  std::int64_t AnyTime() {
    return kDay + Any(kDays) * base::kNanosPerDay + Any(4) * base::kNanosPerDay / 4 + Any(3);
  }
  SqlValue AnyAddress() {
    std::vector<std::uint8_t> key(16);
    key.back() = static_cast<std::uint8_t>(Any(4));
    if (Any(10) == 0) return nullptr;
    return key;
  }
  std::string Rows(const std::string& sql, const std::vector<SqlValue>& values = {}) {
    return RowsAsText(*catalog_, sql, values);
  }

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_;
  std::mt19937 random_{20261127};  // NOLINT: the same each time
};

}  // namespace tapiary::server::test
