#include "server/catalog/part_scan.h"

#include <sqlite3.h>

#include <algorithm>
#include <tuple>

namespace tapiary::server {
namespace {

constexpr std::size_t kIdleStatements = 256;

}  // namespace

StatementPool::~StatementPool() {
  for (const auto& [sql, statement] : idle_) sqlite3_finalize(statement);
}

int StatementPool::Take(const std::string& sql, sqlite3_stmt** statement) {
  if (auto node = idle_.extract(sql); !node.empty()) {
    *statement = node.mapped();
    return SQLITE_OK;
  }
  return sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                            SQLITE_PREPARE_PERSISTENT, statement, nullptr);
}

void StatementPool::GiveBack(const std::string& sql, sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (idle_.size() >= kIdleStatements) {  // filters make ever new texts
    for (const auto& [text, idle] : idle_) sqlite3_finalize(idle);
    idle_.clear();
  }
  idle_.emplace(sql, statement);
}

bool PartScan::merged() const {
  return plan_.order == PartOrder::kStartUp || plan_.order == PartOrder::kStartDown;
}

// The parts that may have rows within the bounds on the time of reception.
void PartScan::Choose(std::span<const SqlitePart> parts, std::span<sqlite3_value* const> values) {
  std::int64_t low = INT64_MIN;
  std::int64_t high = INT64_MAX;
  for (std::size_t i = 0; i < plan_.values.size(); ++i) {
    const char kind = plan_.values[i];
    if (kind == '.' || kind == '-' || sqlite3_value_type(values[i]) != SQLITE_INTEGER) continue;
    const std::int64_t bound = sqlite3_value_int64(values[i]);
    if (kind != '<') low = std::max(low, bound);
    if (kind != '>') high = std::min(high, bound);
  }
  for (const SqlitePart& part : parts) {
    if (part.from_ns > high || part.to_ns <= low) continue;
    sources_.push_back({&part, plan_.select + part.name + plan_.where});
  }
  if (plan_.order == PartOrder::kReceivedDown) std::ranges::reverse(sources_);
}

int PartScan::Start(const PartPlan& plan, std::span<const SqlitePart> parts,
                    std::span<sqlite3_value* const> values) {
  Close();
  plan_ = plan;
  places_ = PlacesOf(table_, plan_);
  if (values.size() != plan_.values.size()) return SQLITE_INTERNAL;
  Choose(parts, values);
  // Those that begin with the first row have the values as they are.
  if (merged()) {
    for (Source& source : sources_) {
      if (const int code = Begin(source, values); code != SQLITE_OK) return code;
    }
    PickFirst();
    return SQLITE_OK;
  }
  if (sources_.size() > 1) {
    for (sqlite3_value* const value : values) {
      values_.push_back(sqlite3_value_dup(value));
      if (values_.back() == nullptr) return SQLITE_NOMEM;
    }
    return BeginNext();
  }
  if (sources_.empty()) return SQLITE_OK;
  begun_ = 1;
  const int code = Begin(sources_.front(), values);
  if (code == SQLITE_OK && sources_.front().statement != nullptr) current_ = sources_.data();
  return code;
}

int PartScan::Begin(Source& source, std::span<sqlite3_value* const> values) {
  int code = pool_.Take(source.sql, &source.statement);
  int parameter = 0;
  for (std::size_t i = 0; i < values.size() && code == SQLITE_OK; ++i) {
    if (plan_.values[i] == '-') continue;
    code = sqlite3_bind_value(source.statement, ++parameter, values[i]);
  }
  return code == SQLITE_OK ? Step(source) : code;
}

int PartScan::Step(Source& source) {
  const int code = sqlite3_step(source.statement);
  if (code == SQLITE_ROW) return SQLITE_OK;
  End(source);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

// Goes on to the first row of the next parts.
int PartScan::BeginNext() {
  current_ = nullptr;
  while (begun_ < sources_.size()) {
    Source& source = sources_[begun_++];
    if (const int code = Begin(source, values_); code != SQLITE_OK) return code;
    if (source.statement == nullptr) continue;
    current_ = &source;
    break;
  }
  return SQLITE_OK;
}

int PartScan::Next() {
  if (const int code = Step(*current_); code != SQLITE_OK) return code;
  if (merged()) {
    PickFirst();
  } else if (current_->statement == nullptr) {
    return BeginNext();
  }
  return SQLITE_OK;
}

// Of few parts: no heap.
void PartScan::PickFirst() {
  const bool down = plan_.order == PartOrder::kStartDown;
  const auto key = [](const Source& source) {
    return std::tuple(sqlite3_column_int64(source.statement, 1), source.part->number,
                      sqlite3_column_int64(source.statement, 0));
  };
  current_ = nullptr;
  for (Source& source : sources_) {
    if (source.statement == nullptr) continue;
    if (current_ == nullptr || (down ? key(source) > key(*current_) : key(source) < key(*current_)))
      current_ = &source;
  }
}

std::int64_t PartScan::Id() const {
  return (current_->part->number << kPartIdBits) | sqlite3_column_int64(current_->statement, 0);
}

sqlite3_value* PartScan::Value(int column) const {
  const int place = places_[static_cast<std::size_t>(column)];
  return place <= 0 ? nullptr : sqlite3_column_value(current_->statement, place);
}

void PartScan::End(Source& source) {
  if (source.statement != nullptr) pool_.GiveBack(source.sql, source.statement);
  source.statement = nullptr;
}

void PartScan::Close() {
  for (Source& source : sources_) End(source);
  for (sqlite3_value* const value : values_) sqlite3_value_free(value);
  sources_.clear();
  values_.clear();
  begun_ = 0;
  current_ = nullptr;
}

}  // namespace tapiary::server
