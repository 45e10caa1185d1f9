#include "server/api/top_query.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "server/api/lists.h"
#include "server/api/select.h"

namespace tapiary::server {
namespace {

using base::ErrorCode;
using base::MakeError;

struct Measure {
  std::string_view name;
  std::string_view sql;
};
// Sums are real numbers: two rows of a hostile sensor must not make an integer sum overflow, which
// both databases answer with an error.
constexpr std::array kFlowMeasures = {
    Measure{"flows", "COUNT(*)"},
    Measure{"packets", "SUM(CAST(f.orig_packets AS DOUBLE PRECISION) + f.resp_packets)"},
    Measure{"bytes", "SUM(CAST(f.orig_bytes AS DOUBLE PRECISION) + f.resp_bytes)"},
    Measure{"commands", "SUM(CAST(f.commands AS DOUBLE PRECISION))"},
};
constexpr std::array kTransactionMeasures = {
    Measure{"transactions", "COUNT(*)"},
    Measure{"commands", "SUM(t.command)"},
};
constexpr std::array kCommandMeasures = {Measure{"commands", "COUNT(*)"}};
constexpr std::array kEventMeasures = {Measure{"events", "COUNT(*)"}};

std::span<const Measure> MeasuresOf(ListKind kind) {
  switch (kind) {
    case ListKind::kFlows:
      return kFlowMeasures;
    case ListKind::kTransactions:
      return kTransactionMeasures;
    case ListKind::kCommands:
      return kCommandMeasures;
    case ListKind::kEvents:
      return kEventMeasures;
  }
  return kFlowMeasures;
}

std::string Expression(const FieldSql& sql, const char* column) {
  std::string text = column;
  if (sql.guard != nullptr) text = fmt::format("CASE WHEN {} THEN {} END", sql.guard, text);
  if (sql.rows == nullptr) return text;
  return fmt::format("(SELECT {} FROM flows f WHERE {})", text,
                     std::string_view(sql.rows).substr(kOneFlow.size()));
}

void AddColumns(const FilterField& field, FilterTable table, std::string* out) {
  const FieldSql& sql = SqlOf(field, table);
  *out += Expression(sql, sql.first.low) + ", ";
  if (sql.second.low != nullptr) *out += Expression(sql, sql.second.low) + ", ";
}

std::string_view Parameter(const Request& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string_view() : std::string_view(found->second);
}

base::Result<const FilterField*> ParseField(std::string_view parameter, std::string_view name,
                                            FilterTable table) {
  const FilterField* const field = FindFilterField(name);
  const std::string shown = base::EscapeBytes(name.substr(0, 60));
  if (field == nullptr) {
    const std::string_view near = NearestFieldName(name);
    return MakeError(ErrorCode::kInvalid,
                     fmt::format("{}: unknown field '{}'{}", parameter, shown,
                                 near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
  }
  if (CanGroupBy(*field, table)) return field;
  for (const auto other : {FilterTable::kFlows, FilterTable::kTransactions, FilterTable::kEvents}) {
    if (!CanGroupBy(*field, other)) continue;
    return MakeError(ErrorCode::kInvalid,
                     fmt::format("{}: {} cannot be grouped by '{}'; {} can", parameter,
                                 ToString(table), shown, ToString(other)));
  }
  return MakeError(ErrorCode::kInvalid,
                   fmt::format("{}: nothing can be grouped by '{}'", parameter, shown));
}

base::Result<> ParseFields(const Request& request, FilterTable table, TopQuery* query) {
  const std::string_view text = Parameter(request, "field");
  if (text.empty()) {
    return MakeError(ErrorCode::kInvalid, "field: which one? One, or two with a comma between");
  }
  const std::size_t comma = std::min(text.find(','), text.size());
  if (text.find(',', comma + 1) != text.npos) {
    return MakeError(ErrorCode::kInvalid, "field: one, or two with a comma between; no more");
  }
  TAPIARY_ASSIGN(const FilterField* first, ParseField("field", text.substr(0, comma), table));
  query->fields = {first};
  if (comma != text.size()) {
    TAPIARY_ASSIGN(const FilterField* second, ParseField("field", text.substr(comma + 1), table));
    if (second == first) {
      return MakeError(ErrorCode::kInvalid, "field: twice the same");
    }
    query->fields.push_back(second);
  }
  if (const std::string_view distinct = Parameter(request, "distinct"); !distinct.empty()) {
    TAPIARY_ASSIGN(query->distinct, ParseField("distinct", distinct, table));
  }
  return {};
}

base::Result<> ParseOrder(const Request& request, TopQuery* query) {
  const std::string_view by = Parameter(request, "by");
  const auto measures = TopMeasures(query->kind);
  std::string all;
  for (std::size_t i = 0; i < measures.size(); ++i) {
    if (by == measures[i] || (by.empty() && i == 0)) {
      query->by = i;
      return {};
    }
    all += (i == 0 ? "" : ", ") + std::string(measures[i]);
  }
  if (by == "distinct" && query->distinct != nullptr) {
    query->by_distinct = true;
    return {};
  }
  if (by == "distinct") {
    return MakeError(ErrorCode::kInvalid, "by: distinct needs distinct=FIELD, whose values count");
  }
  return MakeError(
      ErrorCode::kInvalid,
      fmt::format("by: there are {}{}", all, query->distinct != nullptr ? ", distinct" : ""));
}

base::Result<TopQuery> ParseRest(const Request& request, std::int64_t now_ns, TopQuery query) {
  TAPIARY_TRY(CheckParameters(request, "field distinct by filter from to last clock limit"));
  TAPIARY_ASSIGN(query.window, ParseWindow(request, now_ns));
  TAPIARY_ASSIGN(const std::int64_t limit, ParseCount(request, "limit", 1, kMaxTop, kDefaultTop));
  query.limit = static_cast<std::size_t>(limit);
  TAPIARY_TRY(ParseFields(request, TableOf(query.kind), &query));
  TAPIARY_TRY(ParseOrder(request, &query));
  return query;
}

}  // namespace

std::span<const std::string_view> TopMeasures(ListKind kind) {
  static const auto kNames = [] {
    std::array<std::vector<std::string_view>, 4> names;
    for (std::size_t i = 0; i < names.size(); ++i) {
      for (const Measure& measure : MeasuresOf(static_cast<ListKind>(i))) {
        names[i].push_back(measure.name);
      }
    }
    return names;
  }();
  return kNames[static_cast<std::size_t>(kind)];
}

std::size_t TopColumns(const FilterField& field, FilterTable table) {
  return SqlOf(field, table).second.low != nullptr ? 2 : 1;
}

base::Result<TopQuery> ParseTopQuery(ListKind kind, const Request& request, std::int64_t now_ns,
                                     Response* problem) {
  TopQuery query;
  query.kind = kind;
  TAPIARY_ASSIGN(query.filter, ParseFilterParameter(request, problem));
  auto whole = ParseRest(request, now_ns, std::move(query));
  if (!whole) *problem = ProblemFor(whole.error());
  return whole;
}

SqlCondition TopToSql(const TopQuery& query, const TopSlice& slice, const SqlCondition& part) {
  const FilterTable table = TableOf(query.kind);
  std::string columns;
  std::size_t count = 0;
  for (const FilterField* field : query.fields) {
    AddColumns(*field, table, &columns);
    count += TopColumns(*field, table);
  }
  if (query.distinct != nullptr) {
    AddColumns(*query.distinct, table, &columns);
    count += TopColumns(*query.distinct, table);
  }
  const auto measures = MeasuresOf(query.kind);
  for (std::size_t i = 0; i < measures.size(); ++i) {
    columns += (i == 0 ? "" : ", ") + std::string(measures[i].sql);
  }
  SqlCondition select = SelectFrom(table, columns, query.filter, &query.window);
  if (query.kind == ListKind::kCommands) Append(&select, " AND t.command = 1");
  const std::string key = TimeColumn(query.window.clock, table);
  Append(&select, SqlCondition{fmt::format(" AND {0} >= ? AND {0} <= ?", key),
                               {slice.from_ns, slice.to_ns}});
  Append(&select, part);
  std::string groups;
  for (std::size_t i = 1; i <= count; ++i) groups += (i == 1 ? "" : ", ") + std::to_string(i);
  Append(&select, " GROUP BY " + groups);
  return select;
}

}  // namespace tapiary::server
