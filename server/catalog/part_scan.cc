#include "server/catalog/part_scan.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <tuple>

namespace tapiary::server {
namespace {

constexpr std::size_t kIdleStatements = 256;
constexpr std::size_t kKnownKeys = 1024;

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

int KnownNumbers::Find(const PartedTable& table, StatementPool& pool, std::int64_t sensor_id,
                       std::int64_t epoch, const std::vector<Range>** found) {
  const auto known = ranges_.find({sensor_id, epoch});
  if (known != ranges_.end()) {
    *found = &known->second;
    return SQLITE_OK;
  }
  static constexpr const char* kSql =
      "SELECT p.number, n.lowest, n.highest FROM part_numbers n CROSS JOIN time_parts p WHERE "
      "n.sensor_id = ? AND n.epoch = ? AND p.name = n.part AND p.of_table = ?";
  std::vector<Range> ranges;
  sqlite3_stmt* statement = nullptr;
  int code = pool.Take(kSql, &statement);
  if (code == SQLITE_OK) code = sqlite3_bind_int64(statement, 1, sensor_id);
  if (code == SQLITE_OK) code = sqlite3_bind_int64(statement, 2, epoch);
  if (code == SQLITE_OK) {
    code = sqlite3_bind_text(statement, 3, table.name.c_str(), -1, SQLITE_STATIC);
  }
  while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
    ranges.push_back({sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
                      sqlite3_column_int64(statement, 2)});
    code = SQLITE_OK;
  }
  if (statement != nullptr) pool.GiveBack(kSql, statement);
  if (code != SQLITE_DONE) return code;
  if (ranges_.size() >= kKnownKeys) ranges_.clear();
  *found = &(ranges_[{sensor_id, epoch}] = std::move(ranges));
  return SQLITE_OK;
}

bool PartScan::merged() const {
  return plan_.order == PartOrder::kStartUp || plan_.order == PartOrder::kStartDown;
}

namespace {

struct Bounds {
  std::int64_t low = INT64_MIN;
  std::int64_t high = INT64_MAX;

  void Take(std::int64_t value, bool from_below, bool from_above) {
    if (from_below) low = std::max(low, value);
    if (from_above) high = std::min(high, value);
  }
};

// As a column of integers takes it, when it is one.
std::optional<std::int64_t> AsInteger(sqlite3_value* value) {
  const int type = sqlite3_value_numeric_type(value);
  if (type == SQLITE_INTEGER) return sqlite3_value_int64(value);
  const double real = sqlite3_value_double(value);
  if (type != SQLITE_FLOAT || std::trunc(real) != real || std::abs(real) > 1e15) return {};
  return static_cast<std::int64_t>(real);
}

int IdBits(PartValue kind) {
  return kPartIdBits - BitsLeftOut(kind == PartValue::kRun ? OfId::kRun : OfId::kAll);
}

// What the values say of the parts: the times that they have, and their numbers.
void Narrow(PartValue kind, std::int64_t value, Bounds* times, Bounds* numbers) {
  switch (kind) {
    case PartValue::kReceived:
    case PartValue::kReceivedHigh:
    case PartValue::kReceivedLow:
      return times->Take(value, kind != PartValue::kReceivedHigh, kind != PartValue::kReceivedLow);
    case PartValue::kId:
    case PartValue::kRun:
    case PartValue::kIdHigh:
    case PartValue::kIdLow:
      return numbers->Take(value >> IdBits(kind), kind != PartValue::kIdHigh,
                           kind != PartValue::kIdLow);
    default:
      return;
  }
}

}  // namespace

// The parts that may have such rows.
int PartScan::Choose(std::span<const SqlitePart> parts, std::span<sqlite3_value* const> values) {
  Bounds times;
  Bounds numbers;
  for (std::size_t i = 0; i < plan_.values.size(); ++i) {
    if (sqlite3_value_type(values[i]) != SQLITE_INTEGER) continue;
    Narrow(plan_.values[i], sqlite3_value_int64(values[i]), &times, &numbers);
  }
  std::vector<std::int64_t> keyed;
  const int code = parts.size() < 2 ? SQLITE_OK : FindKey(values, &keyed);
  if (code != SQLITE_OK && code != SQLITE_DONE) return code;
  for (const SqlitePart& part : parts) {
    if (part.from_ns > times.high || part.to_ns <= times.low) continue;
    if (part.number > numbers.high || part.number < numbers.low) continue;
    if (code == SQLITE_DONE && std::ranges::find(keyed, part.number) == keyed.end()) continue;
    sources_.push_back({&part, plan_.select + part.name + plan_.where});
  }
  if (plan_.order == PartOrder::kReceivedDown) std::ranges::reverse(sources_);
  if (plan_.order == PartOrder::kIdUp || plan_.order == PartOrder::kIdDown) {
    const auto number = [](const Source& source) { return source.part->number; };
    std::ranges::sort(sources_, {}, number);
    if (plan_.order == PartOrder::kIdDown) std::ranges::reverse(sources_);
  }
  return SQLITE_OK;
}

// The parts that may have the first three columns of the key; SQLITE_OK: the values have no such
// key, SQLITE_DONE: they have.
int PartScan::FindKey(std::span<sqlite3_value* const> values,
                      std::vector<std::int64_t>* parts) const {
  static constexpr std::array kKey{PartValue::kSensor, PartValue::kEpoch, PartValue::kNumber};
  std::array<std::int64_t, kKey.size()> key{};
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto at = std::ranges::find(plan_.values, kKey[i]);
    if (at == plan_.values.end()) return SQLITE_OK;
    sqlite3_value* const value = values[static_cast<std::size_t>(at - plan_.values.begin())];
    if (sqlite3_value_type(value) != SQLITE_INTEGER) return SQLITE_OK;
    key[i] = sqlite3_value_int64(value);
  }
  const std::vector<KnownNumbers::Range>* ranges = nullptr;
  const int code = numbers_.Find(table_, pool_, key[0], key[1], &ranges);
  if (code != SQLITE_OK) return code;
  for (const KnownNumbers::Range& range : *ranges) {
    if (range.lowest <= key[2] && key[2] <= range.highest) parts->push_back(range.part);
  }
  return SQLITE_DONE;
}

int PartScan::Start(const PartPlan& plan, std::span<const SqlitePart> parts,
                    std::span<sqlite3_value* const> values) {
  Close();
  plan_ = plan;
  places_ = PlacesOf(table_, plan_);
  if (values.size() != plan_.values.size()) return SQLITE_INTERNAL;
  if (const int code = Choose(parts, values); code != SQLITE_OK) return code;
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
    if (plan_.values[i] == PartValue::kUnused) continue;
    code = Bind(source, ++parameter, plan_.values[i], values[i]);
  }
  return code == SQLITE_OK ? Step(source) : code;
}

// Of ids a part's rows have the lower bits. A bound in another part is beyond all of them.
int PartScan::Bind(const Source& source, int parameter, PartValue kind,
                   sqlite3_value* value) const {
  const bool of_id = kind == PartValue::kId || kind == PartValue::kRun ||
                     kind == PartValue::kIdHigh || kind == PartValue::kIdLow;
  if (!of_id || sqlite3_value_type(value) == SQLITE_NULL) {
    return sqlite3_bind_value(source.statement, parameter, value);
  }
  const std::int64_t most = (std::int64_t{1} << IdBits(kind)) - 1;
  const auto id = AsInteger(value);
  std::int64_t own = -1;
  if (!id) {
    own = kind == PartValue::kIdHigh ? most + 1 : -1;  // SQLite compares them itself
  } else if (const std::int64_t number = *id >> IdBits(kind); number >= source.part->number) {
    own = number == source.part->number ? *id & most : most + 1;
  }
  return sqlite3_bind_int64(source.statement, parameter, own);
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
