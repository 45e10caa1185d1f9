// What SQLite answers to a query of a table in parts, and by which indexes within one of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "server/catalog/catalog.h"
#include "server/catalog/part_plan.h"

namespace tapiary::server::test {

// Values as text, a line a row.
inline std::string RowsAsText(const Catalog& catalog, const std::string& sql,
                              const std::vector<SqlValue>& values = {}) {
  std::string out;
  const auto read = catalog.Query(sql, values, [&out](const SqlRow& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row.IsNull(i) ? "NULL" : std::string(row.Text(i));
      out += i + 1 < row.size() ? '|' : '\n';
    }
    return true;
  });
  EXPECT_TRUE(read) << sql << ": " << read.error().message;
  return out;
}

inline std::vector<std::string> PlanLines(const Catalog& catalog, const std::string& sql,
                                          const std::vector<SqlValue>& values) {
  std::vector<std::string> lines;
  const auto read = catalog.Query("EXPLAIN QUERY PLAN " + sql, values, [&](const SqlRow& row) {
    lines.emplace_back(row.Text(3));
    return true;
  });
  EXPECT_TRUE(read) << read.error().message;
  return lines;
}

// Of each loop over the table, a line a step.
inline std::string PlanInPart(const Catalog& catalog, const std::string& sql,
                              const std::vector<SqlValue>& values, const std::string& part) {
  constexpr std::string_view kLoop = "VIRTUAL TABLE INDEX 0:";
  std::string out;
  for (const std::string& line : PlanLines(catalog, sql, values)) {
    const std::size_t at = line.find(kLoop);
    if (at == line.npos) continue;
    const auto plan = PartPlan::FromText(std::string_view(line).substr(at + kLoop.size()));
    EXPECT_TRUE(plan) << line;
    if (!plan) continue;
    const auto count = std::ranges::count(plan->where, '?');
    const std::vector<SqlValue> nulls(static_cast<std::size_t>(count));
    for (const std::string& step : PlanLines(catalog, plan->select + part + plan->where, nulls)) {
      out += step + "\n";
    }
  }
  return out;
}

}  // namespace tapiary::server::test
