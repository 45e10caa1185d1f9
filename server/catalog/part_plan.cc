#include "server/catalog/part_plan.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace tapiary::server {
namespace {

using Constraint = sqlite3_index_info::sqlite3_index_constraint;

constexpr double kAllRows = 1e7;  // some of them; only how costs compare matters

const char* OperatorOf(const Constraint& constraint) {
  switch (constraint.op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
      return "=";
    case SQLITE_INDEX_CONSTRAINT_GT:
      return ">";
    case SQLITE_INDEX_CONSTRAINT_LE:
      return "<=";
    case SQLITE_INDEX_CONSTRAINT_LT:
      return "<";
    case SQLITE_INDEX_CONSTRAINT_GE:
      return ">=";
    default:
      return nullptr;
  }
}

bool IsMerged(PartOrder order) {
  return order == PartOrder::kStartUp || order == PartOrder::kStartDown;
}

// Makes the plan of what SQLite offers.
class Planner {
 public:
  Planner(const PartedTable& table, sqlite3_index_info* info) : table_(table), info_(info) {}

  PartPlan Run() {
    for (int i = 0; i < info_->nConstraint; ++i) NoteKey(i);
    for (int i = 0; i < info_->nConstraint; ++i) Take(i);
    TakeOrder();
    Estimate();
    plan_.columns = info_->colUsed;
    WriteSelect();
    return std::move(plan_);
  }

 private:
  [[nodiscard]] std::span<const Constraint> Constraints() const {
    return {info_->aConstraint, static_cast<std::size_t>(info_->nConstraint)};
  }
  const Constraint* Usable(int at) const {
    const Constraint& constraint = Constraints()[static_cast<std::size_t>(at)];
    const bool known = constraint.iColumn >= 0 && constraint.iColumn != table_.id;
    if (constraint.usable == 0 || !known || OperatorOf(constraint) == nullptr) return nullptr;
    return &constraint;
  }
  void NoteKey(int at) {
    const Constraint* const constraint = Usable(at);
    if (constraint == nullptr || constraint->op != SQLITE_INDEX_CONSTRAINT_EQ) return;
    if (constraint->iColumn < table_.keys) key_ |= 1u << constraint->iColumn;
  }
  [[nodiscard]] bool HasKey() const { return key_ == (1u << table_.keys) - 1; }

  // A list of values is gone through once for each of them, so only where that is quick.
  [[nodiscard]] bool MayBeList(int column) const {
    return column == table_.received || (HasKey() && column < table_.keys);
  }

  void Take(int at) {
    const Constraint* const constraint = Usable(at);
    if (constraint == nullptr) return;
    const int column = constraint->iColumn;
    if (sqlite3_vtab_in(info_, at, -1) != 0 && !MayBeList(column)) return;
    if (column == table_.is_long) return TakeIsLong(at, *constraint);
    const char* const op = OperatorOf(*constraint);
    const bool received = column == table_.received;
    Use(at, received ? op[0] : '.');
    plan_.where += fmt::format("{}{} {} ?", plan_.where.empty() ? "" : " AND ",
                               table_.columns[static_cast<std::size_t>(column)].sql, op);
    Note(column, constraint->op == SQLITE_INDEX_CONSTRAINT_EQ);
  }

  // As the indexes' own conditions say it, so that SQLite sees that one of them has all it asks.
  void TakeIsLong(int at, const Constraint& constraint) {
    sqlite3_value* value = nullptr;
    if (constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) return;
    if (sqlite3_vtab_rhs_value(info_, at, &value) != SQLITE_OK) return;
    const std::int64_t wanted = sqlite3_value_int64(value);
    if (wanted != 0 && wanted != 1) return;
    Use(at, '-');
    plan_.where +=
        (plan_.where.empty() ? "" : " AND ") + table_.is_long_sql[static_cast<std::size_t>(wanted)];
    halved_ = true;
  }

  void Use(int at, char kind) {
    auto& usage = info_->aConstraintUsage[at];
    plan_.values += kind;
    usage.argvIndex = static_cast<int>(plan_.values.size());
    usage.omit = 1;
  }

  void Note(int column, bool equal) {
    if (column == table_.received || column == table_.start) {
      auto& bounds = column == table_.received ? received_ : start_;
      bounds = equal ? 2 : bounds + 1;
      received_equal_ |= equal && column == table_.received;
    } else {
      filtered_ |= equal;
    }
  }

  // By reception the parts follow each other; by the other time their rows are merged. What that
  // has no index of is left to SQLite.
  void TakeOrder() {
    const std::span<const sqlite3_index_info::sqlite3_index_orderby> terms{
        info_->aOrderBy, static_cast<std::size_t>(info_->nOrderBy)};
    if (terms.empty() || terms.size() > 2) return;
    const bool down = terms[0].desc != 0;
    if (terms.size() == 2 && (terms[1].iColumn != table_.id || (terms[1].desc != 0) != down)) {
      return;
    }
    if (terms[0].iColumn == table_.received) {
      plan_.order = down ? PartOrder::kReceivedDown : PartOrder::kReceivedUp;
    } else if (terms[0].iColumn == table_.start && halved_) {
      plan_.order = down ? PartOrder::kStartDown : PartOrder::kStartUp;
    } else {
      return;
    }
    info_->orderByConsumed = 1;
    const auto& name = table_.columns[static_cast<std::size_t>(terms[0].iColumn)].sql;
    order_by_ = fmt::format(" ORDER BY {0} {1}, rowid {1}", name, down ? "DESC" : "ASC");
  }

  void Estimate() {
    double rows = kAllRows;
    if (HasKey()) {
      rows = 1;
      info_->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    } else if (received_equal_) {
      rows = 1000;
    } else {
      for (const int bounds : {received_, start_}) rows /= bounds == 0 ? 1 : bounds == 1 ? 4 : 100;
    }
    info_->estimatedCost = 50 + rows;
    info_->estimatedRows = static_cast<sqlite3_int64>(filtered_ && rows > 10 ? rows / 10 : rows);
  }

  void WriteSelect() {
    plan_.select = "SELECT rowid";
    if (IsMerged(plan_.order)) {
      plan_.select += ", " + table_.columns[static_cast<std::size_t>(table_.start)].sql;
    }
    const std::vector<int> places = PlacesOf(table_, plan_);
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i] > 0) plan_.select += ", " + table_.columns[i].sql;
    }
    plan_.select += " FROM ";
    if (!plan_.where.empty()) plan_.where.insert(0, " WHERE ");
    plan_.where += order_by_;
  }

  const PartedTable& table_;
  sqlite3_index_info* info_;
  PartPlan plan_;
  std::string order_by_;
  unsigned key_ = 0;  // a bit for each column of the key
  int received_ = 0;  // how many bounds
  int start_ = 0;
  bool received_equal_ = false;
  bool filtered_ = false;
  bool halved_ = false;
};

}  // namespace

std::string PartPlan::ToText() const {
  return fmt::format("{}{}\n{:x}\n{}\n{}", static_cast<char>(order), values, columns, select,
                     where);
}

std::optional<PartPlan> PartPlan::FromText(std::string_view text) {
  std::array<std::string_view, 4> lines;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t end = i + 1 < lines.size() ? text.find('\n') : text.size();
    if (end == std::string_view::npos) return std::nullopt;
    lines[i] = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (lines[0].empty()) return std::nullopt;
  PartPlan plan;
  plan.order = static_cast<PartOrder>(lines[0].front());
  plan.values = lines[0].substr(1);
  const auto read =
      std::from_chars(lines[1].data(), lines[1].data() + lines[1].size(), plan.columns, 16);
  if (read.ec != std::errc()) return std::nullopt;
  plan.select = lines[2];
  plan.where = lines[3];
  return plan;
}

PartPlan MakePartPlan(const PartedTable& table, sqlite3_index_info* info) {
  return Planner(table, info).Run();
}

std::vector<int> PlacesOf(const PartedTable& table, const PartPlan& plan) {
  std::vector<int> places(table.columns.size(), -1);
  int next = IsMerged(plan.order) ? 2 : 1;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const bool used = (plan.columns >> std::min<std::size_t>(i, 63) & 1) != 0;
    if (static_cast<int>(i) == table.id) {
      places[i] = 0;
    } else if (used) {
      places[i] = next++;
    }
  }
  return places;
}

}  // namespace tapiary::server
