#include "server/api/filter_complete.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "server/api/list_query.h"
#include "server/api/select.h"
#include "server/catalog/catalog.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kDefaultChoices = 50;
constexpr std::int64_t kMaxChoices = 200;
constexpr int kNewestRows = 2000;
constexpr std::size_t kMaxValueBytes = 200;  // longer ones are of no use to somebody who types

const char* FromOf(FilterTable table) {
  constexpr const char* kFrom[] = {"flows f", "transactions t", "events e"};
  return kFrom[static_cast<std::size_t>(table)];
}

// One of the table's own columns: not what has to be looked up in another table.
bool IsOwn(const FieldSql& sql) {
  return !sql.absent() && sql.rows == nullptr;
}

// The table that is asked, when the one in question has it only by way of another.
std::optional<FilterTable> TableFor(const FilterField& field, FilterTable wanted) {
  for (const auto table :
       {wanted, FilterTable::kFlows, FilterTable::kTransactions, FilterTable::kEvents}) {
    if (IsOwn(SqlOf(field, table))) return table;
  }
  return std::nullopt;
}

SqlCondition SelectNewest(const FieldSql& sql, FilterTable table) {
  SqlCondition select{"SELECT ", {}};
  Append(&select, sql.first.low);
  if (sql.second.low != nullptr) Append(&select, fmt::format(", {}", sql.second.low));
  const std::string order = TimeColumn(Clock::kReceived, table);
  Append(&select, fmt::format(" FROM {} CROSS JOIN sensors s WHERE s.id = {}.sensor_id",
                              FromOf(table), order.substr(0, 1)));
  if (sql.guard != nullptr) Append(&select, fmt::format(" AND {}", sql.guard));
  Append(&select, SqlCondition{fmt::format(" ORDER BY {} DESC LIMIT ?", order),
                               {std::int64_t{kNewestRows}}});
  return select;
}

std::string ValueText(FieldType type, const SqlRow& row, std::size_t column) {
  if (row.IsNull(column)) return {};
  if (type == FieldType::kAddress) return FromAddressKey(row.Blob(column)).ToString();
  if (type == FieldType::kNumber) return std::to_string(row.Int(column));
  return std::string(row.Text(column));
}

bool IsChosen(FieldType type) {
  return type == FieldType::kText || type == FieldType::kAddress || type == FieldType::kMac ||
         type == FieldType::kNumber;
}

std::vector<FilterChoice> MostFrequent(const std::map<std::string, int>& counts, FieldType type,
                                       std::string_view typed, std::size_t limit) {
  std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [typed](const auto& a, const auto& b) {
    const bool begins_a = BeginsWith(a.first, typed);
    const bool begins_b = BeginsWith(b.first, typed);
    return begins_a != begins_b ? begins_a : a.second > b.second;
  });
  std::vector<FilterChoice> choices;
  for (const auto& [text, count] : sorted) {
    if (choices.size() == limit) break;
    if (!BeginsWith(text, typed) && text.find(typed) == text.npos) continue;
    choices.push_back({WriteFilterValue(type, text), "value", ""});
  }
  return choices;
}

base::Result<std::vector<FilterChoice>> Sensors(const Catalog& catalog, std::string_view typed,
                                                std::size_t limit) {
  std::map<std::string, int> names;
  TAPIARY_TRY(catalog.Query("SELECT name FROM sensors ORDER BY last_seen_ns DESC LIMIT 5000", {},
                            [&names](const SqlRow& row) {
                              names.emplace(row.Text(0), 1);
                              return true;
                            }));
  return MostFrequent(names, FieldType::kText, typed, limit);
}

// Not by JsonWriter: choices are escaped already, and are to be put into a filter as they are.
std::string ToJson(const FilterPlace& place, const std::vector<FilterChoice>& choices) {
  constexpr std::string_view kExpects[] = {"field", "operator", "value", "set", "connective"};
  Json items = Json::array();
  for (const FilterChoice& choice : choices) {
    items.push_back({{"text", choice.text},
                     {"kind", choice.kind},
                     {"detail", choice.detail.empty() ? Json() : Json(choice.detail)}});
  }
  const bool value = place.field != nullptr && place.expects == FilterExpects::kValue;
  const Json json = {{"from", place.from},
                     {"to", place.to},
                     {"expects", kExpects[static_cast<std::size_t>(place.expects)]},
                     {"field", place.field == nullptr ? Json() : Json(place.field->name)},
                     {"value", value ? Json(ExpectedValue(place.field->type)) : Json()},
                     {"items", std::move(items)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

base::Result<FilterTable> ParseTable(const Request& request) {
  const auto found = request.query.find("table");
  const std::string_view name = found == request.query.end() ? "flows" : found->second;
  if (name == "commands") return FilterTable::kTransactions;
  for (const auto table : {FilterTable::kFlows, FilterTable::kTransactions, FilterTable::kEvents}) {
    if (ToString(table) == name) return table;
  }
  return base::MakeError(base::ErrorCode::kInvalid,
                         "table: there are flows, transactions, commands and events");
}

base::Result<std::string> Complete(const Catalog& catalog, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, "text at table limit"));
  const auto found = request.query.find("text");
  const std::string text = found == request.query.end() ? std::string() : found->second;
  if (text.size() > kMaxFilterBytes) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           fmt::format("text: longer than {} bytes", kMaxFilterBytes));
  }
  const auto size = static_cast<std::int64_t>(text.size());
  TAPIARY_ASSIGN(const std::int64_t at, ParseCount(request, "at", 0, size, size));
  TAPIARY_ASSIGN(const FilterTable table, ParseTable(request));
  TAPIARY_ASSIGN(const std::int64_t limit,
                 ParseCount(request, "limit", 1, kMaxChoices, kDefaultChoices));
  const auto count = static_cast<std::size_t>(limit);
  const FilterPlace place = FindPlace(text, static_cast<std::size_t>(at));
  std::vector<FilterChoice> choices = ChoicesAt(place, table, count);
  if (place.expects == FilterExpects::kValue && place.field != nullptr) {
    TAPIARY_ASSIGN(const auto more,
                   ChoicesFromCatalog(catalog, *place.field, table, place.typed, count));
    for (const FilterChoice& choice : more) {
      const bool known =
          std::any_of(choices.begin(), choices.end(),
                      [&](const FilterChoice& other) { return other.text == choice.text; });
      if (!known && choices.size() < count) choices.push_back(choice);
    }
  }
  return ToJson(place, choices);
}

}  // namespace

base::Result<std::vector<FilterChoice>> ChoicesFromCatalog(const Catalog& catalog,
                                                           const FilterField& field,
                                                           FilterTable table,
                                                           std::string_view typed,
                                                           std::size_t limit) {
  if (field.packet == PacketField::kSensor) return Sensors(catalog, typed, limit);
  const auto source = TableFor(field, table);
  if (!source || !IsChosen(field.type)) return std::vector<FilterChoice>();
  std::map<std::string, int> counts;
  const auto take = [&](const SqlRow& row) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      std::string text = ValueText(field.type, row, column);
      if (!text.empty() && text.size() <= kMaxValueBytes) ++counts[std::move(text)];
    }
    return true;
  };
  const auto end = Select(catalog, SelectNewest(SqlOf(field, *source), *source), take);
  if (!end) return end.error();
  return MostFrequent(counts, field.type, typed, limit);
}

Response HandleFilterComplete(const ApiContext& context, const Request& request) {
  auto json = Complete(context.catalog, request);
  return json ? JsonResponse(200, std::move(*json)) : ProblemFor(json.error());
}

}  // namespace tapiary::server
