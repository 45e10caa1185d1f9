// Flows in parts by time of reception, on either database.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "server/catalog/time_parts.h"
#include "server/ingest/rows.h"
#include "server/ingest/transaction_rows.h"
#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"

namespace tapiary::server::test {

inline constexpr std::int64_t kDay = 20'800 * base::kNanosPerDay;  // 2026-12-13
inline constexpr std::int64_t kNoon = base::kNanosPerDay / 2;

class PartsTest : public testing::Test {
 protected:
  void SetUp() override { options_ = EmptyCatalog(folder_.path() + "/c.db"); }
  void Open() {
    auto catalog = Catalog::Open(options_);
    ASSERT_TRUE(catalog) << catalog.error().message;
    catalog_ = std::move(*catalog);
  }
  void OpenWithDays() {
    Open();
    ASSERT_TRUE(Do("INSERT INTO sensors (id, name, created_ns) VALUES (1, 'a', 1)"));
    ASSERT_TRUE(Do("DELETE FROM time_parts"));  // so that days of long ago can be made
    for (const char* const table : {"flows", "transactions", "events"}) {
      ASSERT_TRUE(Do("DROP TABLE " + std::string(table) + "_before"));
    }
    const auto made = catalog_->MakeTimeParts(kDay);
    ASSERT_TRUE(made) << made.error().message;
  }
  base::Result<> Do(std::string_view sql) {
    return catalog_->Write([sql](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute(sql, {}));
      return {};
    });
  }
  static capture::FlowRecord Flow(std::uint64_t number, std::uint32_t part = 0) {
    capture::FlowRecord flow;
    flow.id = {7, number};
    flow.part = part;
    flow.start_ns = flow.end_ns = kDay;
    flow.orig.packets = 3 + part;
    return flow;
  }
  // As ingest does it: the sensor's row first.
  static base::Result<> AddIn(SqlWriter& writer, std::int64_t received_ns,
                              const std::vector<capture::FlowRecord>& flows) {
    TAPIARY_TRY(writer.Execute("UPDATE sensors SET last_seen_ns = 1 WHERE id = 1", {}));
    TAPIARY_ASSIGN(const auto wrong, FlowRows(1, flows).Add(writer, received_ns));
    if (wrong.empty()) return {};
    return base::MakeError(base::ErrorCode::kConflict, "contradicts");
  }
  void AddFacts(std::int64_t received_ns, const std::vector<std::uint32_t>& numbers) {
    std::vector<capture::Transaction> facts(numbers.size());
    for (std::size_t i = 0; i < facts.size(); ++i) {
      facts[i].flow_id = {7, 1};
      facts[i].number = numbers[i];
      facts[i].command = true;
    }
    const auto done = catalog_->Write(
        [&](SqlWriter& writer) { return TransactionRows(1, "a", facts).Add(writer, received_ns); });
    ASSERT_TRUE(done) << done.error().message;
  }
  void Add(std::int64_t received_ns, const std::vector<capture::FlowRecord>& flows) {
    const auto done =
        catalog_->Write([&](SqlWriter& writer) { return AddIn(writer, received_ns, flows); });
    ASSERT_TRUE(done) << done.error().message;
  }
  std::vector<TimePart> PartsOf(std::string_view table) {
    auto parts = catalog_->TimeParts();
    EXPECT_TRUE(parts) << parts.error().message;
    std::erase_if(*parts, [table](const TimePart& part) { return part.table != table; });
    return *parts;
  }
  std::string Rows(const std::string& sql) {
    std::string out;
    const auto read = catalog_->Query(sql, {}, [&out](const SqlRow& row) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        out += (i == 0 ? (out.empty() ? "" : "; ") : " ") + std::string(row.Text(i));
      }
      return true;
    });
    EXPECT_TRUE(read) << read.error().message;
    return out;
  }
  // SQL for the part of the table that a row is in.
  static std::string Place() {
    return OnPostgres() ? "tableoid::regclass"
                        : "(SELECT p.name FROM time_parts p WHERE p.number = id >> 40)";
  }
  // Number, part of the flow, part of the table.
  std::string Flows() {
    return Rows("SELECT number, part, " + Place() + " AS place FROM flows ORDER BY number, place");
  }

  base::TempFolder folder_;
  CatalogOptions options_;
  std::unique_ptr<Catalog> catalog_;
};

}  // namespace tapiary::server::test
