// PartScan: the rows of a table in parts that one loop of a query asks for. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/catalog/part_plan.h"
#include "server/catalog/sqlite_parts.h"

struct sqlite3;
struct sqlite3_stmt;
struct sqlite3_value;

namespace tapiary::server {

// Prepared statements that nobody uses now. All codes are SQLite's.
class StatementPool {
 public:
  explicit StatementPool(sqlite3* database) : database_(database) {}
  ~StatementPool();
  StatementPool(const StatementPool&) = delete;
  StatementPool& operator=(const StatementPool&) = delete;
  int Take(const std::string& sql, sqlite3_stmt** statement);
  void GiveBack(const std::string& sql, sqlite3_stmt* statement);

 private:
  sqlite3* database_;
  std::unordered_multimap<std::string, sqlite3_stmt*> idle_;
};

// What part_numbers says, kept as long as nobody can have changed it: loops within a loop ask for
// one key after the other.
class KnownNumbers {
 public:
  struct Range {
    std::int64_t part = 0;  // its number
    std::int64_t lowest = 0;
    std::int64_t highest = 0;
  };
  // Of the table's parts, for a sensor and epoch. Valid until the next call.
  int Find(const PartedTable& table, StatementPool& pool, std::int64_t sensor_id,
           std::int64_t epoch, const std::vector<Range>** found);
  void Forget() { ranges_.clear(); }

 private:
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Range>> ranges_;
};

class PartScan {
 public:
  // All must outlive it.
  PartScan(const PartedTable& table, StatementPool& pool, KnownNumbers& numbers)
      : table_(table), pool_(pool), numbers_(numbers) {}
  ~PartScan() { Close(); }
  PartScan(const PartScan&) = delete;
  PartScan& operator=(const PartScan&) = delete;

  // At the first row. `parts` in the order of their times; values are those of plan.values.
  int Start(const PartPlan& plan, std::span<const SqlitePart> parts,
            std::span<sqlite3_value* const> values);
  int Next();
  [[nodiscard]] bool at_end() const { return current_ == nullptr; }
  // Of the row that it is at.
  [[nodiscard]] std::int64_t Id() const;
  // nullptr: not one that the plan reads. Valid until the next step.
  [[nodiscard]] sqlite3_value* Value(int column) const;

 private:
  struct Source {
    const SqlitePart* part = nullptr;
    std::string sql;
    sqlite3_stmt* statement = nullptr;  // nullptr: not begun, or at its end
  };
  int Choose(std::span<const SqlitePart> parts, std::span<sqlite3_value* const> values);
  int FindKey(std::span<sqlite3_value* const> values, std::vector<std::int64_t>* parts) const;
  int Begin(Source& source, std::span<sqlite3_value* const> values);
  int Step(Source& source);
  int Bind(const Source& source, int parameter, PartValue kind, sqlite3_value* value) const;
  int BeginNext();
  void PickFirst();
  void End(Source& source);
  void Close();
  [[nodiscard]] bool merged() const;

  const PartedTable& table_;
  StatementPool& pool_;
  KnownNumbers& numbers_;
  PartPlan plan_;
  std::vector<int> places_;
  std::vector<Source> sources_;
  std::size_t begun_ = 0;
  Source* current_ = nullptr;
  std::vector<sqlite3_value*> values_;  // copies, for parts that begin later
};

}  // namespace tapiary::server
