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
    const bool known = constraint.iColumn >= 0;
    if (constraint.usable == 0 || !known || OperatorOf(constraint) == nullptr) return nullptr;
    return &constraint;
  }
  void NoteKey(int at) {
    const Constraint* const constraint = Usable(at);
    if (constraint == nullptr || constraint->op != SQLITE_INDEX_CONSTRAINT_EQ) return;
    if (constraint->iColumn < table_.keys) key_ |= 1u << constraint->iColumn;
    few_ |= table_.at(constraint->iColumn).of_id == OfId::kRun;
  }
  [[nodiscard]] bool HasKey() const { return table_.keys > 0 && key_ == (1u << table_.keys) - 1; }

  // A list of values is gone through once for each of them, so only where that is quick.
  [[nodiscard]] bool MayBeList(int column) const {
    if (column == table_.received || column == table_.id) return true;
    return few_ || (HasKey() && column < table_.keys);
  }

  void Take(int at) {
    const Constraint* const constraint = Usable(at);
    if (constraint == nullptr) return;
    const int column = constraint->iColumn;
    if (sqlite3_vtab_in(info_, at, -1) != 0 && !MayBeList(column)) return;
    if (TakeCondition(at, *constraint)) return;
    const char* const op = OperatorOf(*constraint);
    const bool equal = constraint->op == SQLITE_INDEX_CONSTRAINT_EQ;
    const PartValue kind = KindOf(column, op[0]);
    if (kind == PartValue::kRun && !equal) return;
    Use(at, kind);
    And(fmt::format("{} {} ?", table_.at(column).sql, op));
    Note(column, equal);
  }

  // As the indexes' own conditions say it, so that SQLite sees that one of them has all it asks.
  bool TakeCondition(int at, const Constraint& constraint) {
    const auto& conditions = table_.at(constraint.iColumn).conditions;
    sqlite3_value* value = nullptr;
    if (conditions[0].empty() || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) return false;
    if (sqlite3_vtab_rhs_value(info_, at, &value) != SQLITE_OK) return false;
    if (sqlite3_value_type(value) != SQLITE_INTEGER) return false;
    const std::int64_t wanted = sqlite3_value_int64(value);
    if (wanted != 0 && wanted != 1) return false;
    Use(at, PartValue::kUnused);
    And(conditions[static_cast<std::size_t>(wanted)]);
    halved_ |= constraint.iColumn == table_.halves;
    filtered_ = true;
    return true;
  }

  [[nodiscard]] PartValue KindOf(int column, char op) const {
    if (column == table_.received) {
      return op == '='   ? PartValue::kReceived
             : op == '<' ? PartValue::kReceivedHigh
                         : PartValue::kReceivedLow;
    }
    if (column == table_.id) {
      return op == '=' ? PartValue::kId : op == '<' ? PartValue::kIdHigh : PartValue::kIdLow;
    }
    if (table_.at(column).of_id == OfId::kRun) return PartValue::kRun;
    constexpr PartValue kOfKey[] = {PartValue::kSensor, PartValue::kEpoch, PartValue::kNumber};
    const bool noted = table_.keys >= 3 && column < 3 && op == '=';
    return noted ? kOfKey[column] : PartValue::kPlain;
  }

  void And(const std::string& condition) {
    plan_.where += (plan_.where.empty() ? "" : " AND ") + condition;
  }

  void Use(int at, PartValue kind) {
    auto& usage = info_->aConstraintUsage[at];
    plan_.values.push_back(kind);
    usage.argvIndex = static_cast<int>(plan_.values.size());
    // An id may be compared with what is no integer, which SQLite knows better.
    usage.omit = kind != PartValue::kId && kind != PartValue::kIdHigh && kind != PartValue::kIdLow;
  }

  void Note(int column, bool equal) {
    if (column == table_.received || column == table_.start) {
      auto& bounds = column == table_.received ? received_ : start_;
      bounds = equal ? 2 : bounds + 1;
      received_equal_ |= equal && column == table_.received;
    } else {
      filtered_ |= equal;
      one_ |= equal && column == table_.id;
    }
  }

  // By reception the parts follow each other; by the other time their rows are merged. What that
  // has no index of is left to SQLite, and few rows: their index matters more than the order.
  void TakeOrder() {
    const std::span<const sqlite3_index_info::sqlite3_index_orderby> terms{
        info_->aOrderBy, static_cast<std::size_t>(info_->nOrderBy)};
    if (terms.empty() || terms.size() > 2 || few_) return;
    const bool down = terms[0].desc != 0;
    if (terms.size() == 2 && (terms[1].iColumn != table_.id || (terms[1].desc != 0) != down)) {
      return;
    }
    if (terms[0].iColumn == table_.received) {
      plan_.order = down ? PartOrder::kReceivedDown : PartOrder::kReceivedUp;
    } else if (terms[0].iColumn == table_.start && (halved_ || table_.halves < 0)) {
      plan_.order = down ? PartOrder::kStartDown : PartOrder::kStartUp;
    } else if (terms[0].iColumn == table_.id) {
      plan_.order = down ? PartOrder::kIdDown : PartOrder::kIdUp;
    } else {
      return;
    }
    info_->orderByConsumed = 1;
    const auto& name = table_.at(terms[0].iColumn).sql;
    order_by_ = fmt::format(" ORDER BY {0} {1}, rowid {1}", name, down ? "DESC" : "ASC");
  }

  void Estimate() {
    double rows = kAllRows;
    if (one_ || (HasKey() && table_.over_parts)) {
      rows = 1;
      info_->idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    } else if (constexpr unsigned kFirst = 7; table_.keys > 0 && (key_ & kFirst) == kFirst) {
      rows = 10;
    } else if (received_equal_ || few_) {
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
      plan_.select += ", " + table_.at(table_.start).sql;
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
  bool one_ = false;  // row
  bool few_ = false;  // rows: those of a run
};

}  // namespace

std::string PartPlan::ToText() const {
  std::string kinds;
  for (const PartValue value : values) kinds += static_cast<char>(value);
  return fmt::format("{}{}\n{:x}\n{}\n{}", static_cast<char>(order), kinds, columns, select, where);
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
  for (const char kind : lines[0].substr(1)) plan.values.push_back(static_cast<PartValue>(kind));
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
    if (table.columns[i].of_id != OfId::kNothing) {
      places[i] = 0;
    } else if (used) {
      places[i] = next++;
    }
  }
  return places;
}

}  // namespace tapiary::server
