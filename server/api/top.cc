#include "server/api/top.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/clock.h"
#include "base/text.h"
#include "capture/json_writer.h"
#include "server/api/flow_search.h"
#include "server/api/select.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxGroups = 200'000;
constexpr std::size_t kMaxDistinct = 500'000;
constexpr std::int64_t kWholeNs = 5 * base::kNanosPerSecond;  // of all slices together
constexpr std::int64_t kSliceNs = base::kNanosPerSecond / 2;  // aim for one
constexpr std::int64_t kFirstWidthNs = 60 * base::kNanosPerSecond;

struct Answer {
  TopTable table;
  std::int64_t covered_from_ns = INT64_MAX;  // everything later is in it
  bool partial = false;
};

TopValue ReadValue(const FilterField& field, const SqlRow& row, std::size_t column) {
  if (row.IsNull(column)) return {};
  switch (field.type) {
    case FieldType::kAddress: {
      std::string text = FromAddressKey(row.Blob(column)).ToString();
      return {false, std::move(text)};
    }
    case FieldType::kText:
    case FieldType::kMac:
      return {false, std::string(row.Text(column))};
    case FieldType::kFlag:
      return {false, row.Int(column) != 0 ? "true" : "false"};
    default:
      return {false, std::to_string(row.Int(column))};
  }
}

struct SliceRow {
  std::vector<std::vector<TopValue>> values;
  std::vector<TopValue> distinct;
  std::vector<double> sums;
};

SliceRow ReadRow(const TopQuery& query, const SqlRow& row) {
  const FilterTable table = TableOf(query.kind);
  SliceRow out;
  std::size_t column = 0;
  const auto take = [&](const FilterField& field) {
    std::vector<TopValue> ends;
    const std::size_t count = TopColumns(field, table);
    for (std::size_t i = 0; i < count; ++i) ends.push_back(ReadValue(field, row, column++));
    return ends;
  };
  for (const FilterField* field : query.fields) out.values.push_back(take(*field));
  if (query.distinct != nullptr) out.distinct = take(*query.distinct);
  while (column < row.size()) out.sums.push_back(row.Real(column++));
  return out;
}

// A slice counts whole or not at all. False when the time limit ended it.
base::Result<bool> AddSlice(const Catalog& catalog, const TopQuery& query, const TopSlice& slice,
                            TopTable* table) {
  std::vector<SliceRow> rows;
  bool whole = true;
  const auto take = [&](const SqlRow& row) {
    whole = rows.size() < kMaxGroups;
    if (whole) rows.push_back(ReadRow(query, row));
    return whole;
  };
  for (const SqlCondition& part : WindowParts(TableOf(query.kind), query.window)) {
    TAPIARY_ASSIGN(const SelectEnd end, Select(catalog, TopToSql(query, slice, part), take));
    if (end == SelectEnd::kTimeLimit || !whole) return false;
  }
  for (const SliceRow& row : rows) table->Add(row.values, row.distinct, row.sums);
  return true;
}

// Twice the time is twice the width, within limits.
std::int64_t NextWidth(std::int64_t width_ns, std::int64_t took_ns) {
  const double factor = std::clamp(
      static_cast<double>(kSliceNs) / static_cast<double>(std::max<std::int64_t>(1, took_ns)), 0.25,
      8.0);
  const double next = std::clamp(static_cast<double>(width_ns) * factor, 1e9, 4e18);
  return static_cast<std::int64_t>(next);
}

base::Result<Answer> ReadAll(const Catalog& catalog, const TopQuery& query) {
  Answer answer{TopTable(TopMeasures(query.kind).size(), kMaxGroups, kMaxDistinct)};
  const std::int64_t deadline_ns = base::SteadyNow() + kWholeNs;
  TopSlice slice{.from_ns = 0, .to_ns = query.window.to_ns};
  std::int64_t width_ns = kFirstWidthNs;
  std::int64_t edge_ns = std::min(query.window.to_ns, base::WallNow());
  while (true) {
    // The last slice also has the flows that began before the window and reach into it.
    const bool last = edge_ns < INT64_MIN + width_ns || edge_ns - width_ns <= query.window.from_ns;
    slice.from_ns = last ? INT64_MIN : edge_ns - width_ns;
    const std::int64_t begin_ns = base::SteadyNow();
    TAPIARY_ASSIGN(const bool whole, AddSlice(catalog, query, slice, &answer.table));
    const std::int64_t now_ns = base::SteadyNow();
    if (whole) answer.covered_from_ns = last ? query.window.from_ns : slice.from_ns;
    if (whole && last) return answer;
    if (now_ns >= deadline_ns || (!whole && width_ns <= base::kNanosPerSecond)) break;
    width_ns = whole ? NextWidth(width_ns, now_ns - begin_ns) : width_ns / 8;
    width_ns = std::max(width_ns, base::kNanosPerSecond);
    if (!whole) continue;
    edge_ns = slice.from_ns;
    slice.to_ns = edge_ns - 1;
  }
  answer.partial = true;
  return answer;
}

void WriteValue(capture::JsonWriter& json, const FilterField& field, const TopValue& value) {
  const bool number = field.type == FieldType::kNumber || field.type == FieldType::kSize;
  if (value.absent) return json.Null();
  if (field.type == FieldType::kFlag) return json.Flag(value.text == "true");
  const auto whole = static_cast<std::int64_t>(std::strtoll(value.text.c_str(), nullptr, 10));
  if (number) return json.Signed(whole);
  if (field.type == FieldType::kDuration) return json.Seconds(whole);
  // What is stored is escaped already.
  const auto bytes = base::UnescapeBytes(value.text);
  json.Text(bytes ? std::string_view(*bytes) : std::string_view(value.text));
}

void WriteSums(capture::JsonWriter& json, const TopQuery& query, const std::vector<double>& sums) {
  const auto measures = TopMeasures(query.kind);
  for (std::size_t i = 0; i < measures.size(); ++i) {
    json.Key(measures[i]);
    json.Signed(std::llround(std::min(sums[i], 9e18)));
  }
}

void WriteItems(capture::JsonWriter& json, const TopQuery& query, const TopTable& table) {
  json.Key("items");
  json.BeginArray();
  for (const TopGroup* group : table.Largest(query.limit, query.by, query.by_distinct)) {
    json.BeginObject();
    json.Key("values");
    json.BeginArray();
    for (std::size_t i = 0; i < query.fields.size(); ++i) {
      WriteValue(json, *query.fields[i], group->values[i]);
    }
    json.EndArray();
    WriteSums(json, query, group->sums);
    if (query.distinct != nullptr) json.Number("distinct", group->distinct.size());
    json.EndObject();
  }
  json.EndArray();
}

std::string ToJson(const TopQuery& query, const Answer& answer) {
  const TopTable& table = answer.table;
  std::string out;
  capture::JsonWriter json(out);
  json.BeginObject();
  json.Key("fields");
  json.BeginArray();
  for (const FilterField* field : query.fields) json.Text(field->name);
  json.EndArray();
  json.TextOrNull("distinct", query.distinct == nullptr ? "" : query.distinct->name);
  json.Text("by", query.by_distinct ? "distinct" : TopMeasures(query.kind)[query.by]);
  WriteItems(json, query, table);
  json.Number("groups", table.groups());
  json.Key("groups_whole");
  json.Flag(table.groups_whole());
  json.Key("distinct_whole");
  json.Flag(table.distinct_whole());
  json.Key("total");
  json.BeginObject();
  WriteSums(json, query, table.total());
  json.EndObject();
  json.Key("partial");
  json.Flag(answer.partial);
  json.Key("fields_not_here");
  json.BeginArray();
  for (const std::string_view name : query.filter.FieldsNotIn(TableOf(query.kind))) json.Text(name);
  json.EndArray();
  json.Key("from");
  json.Time(query.window.from_ns);
  json.Key("covered_from");
  answer.covered_from_ns == INT64_MAX ? json.Null() : json.Time(answer.covered_from_ns);
  json.Key("to");
  query.window.to_ns == INT64_MAX ? json.Null() : json.Time(query.window.to_ns);
  json.Text("clock", ToString(query.window.clock));
  json.EndObject();
  return out;
}

}  // namespace

Response HandleTop(const ApiContext& context, ListKind kind, const Request& request) {
  Response problem;
  const auto query = ParseTopQuery(kind, request, base::WallNow(), &problem);
  if (!query) return problem;
  const auto answer = ReadAll(context.catalog, *query);
  if (!answer) return ProblemFor(answer.error());
  return JsonResponse(200, ToJson(*query, *answer));
}

}  // namespace tapiary::server
