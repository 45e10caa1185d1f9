#include <fmt/core.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/list_verb.h"

namespace tapiary::cli {
namespace {

using Json = nlohmann::ordered_json;
using base::ErrorCode;
using base::MakeError;

Cell ToCell(const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    auto bytes = base::UnescapeBytes(text);
    return bytes ? Cell(std::move(*bytes)) : Cell(text);
  }
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  return Cell();
}

// Columns: the fields, then what else each item has.
base::Result<Table> ToTable(const Json& answer) {
  const base::Error bad =
      MakeError(ErrorCode::kCorrupt, "the collector's answer is not understood");
  if (!answer.is_object() || !answer.contains("fields") || !answer.contains("items")) return bad;
  std::vector<std::string> columns;
  for (const Json& field : answer["fields"]) {
    if (!field.is_string()) return bad;
    columns.push_back(field.get<std::string>());
  }
  const Json& items = answer["items"];
  std::vector<std::string> sums;
  if (!items.empty() && items[0].is_object()) {
    for (const auto& [name, value] : items[0].items()) {
      if (name != "values") sums.push_back(name);
    }
  }
  columns.insert(columns.end(), sums.begin(), sums.end());
  Table table(columns);
  for (const Json& item : items) {
    if (!item.is_object() || !item.contains("values")) return bad;
    Row row;
    for (const Json& value : item["values"]) row.push_back(ToCell(value));
    for (const std::string& name : sums)
      row.push_back(item.contains(name) ? ToCell(item[name]) : Cell());
    table.Add(std::move(row));
  }
  return table;
}

void Remark(const Json& answer) {
  const auto is = [&](const char* name, bool wanted) {
    return answer.contains(name) && answer[name].is_boolean() && answer[name].get<bool>() == wanted;
  };
  if (is("partial", true)) {
    const bool known = answer.contains("covered_from") && answer["covered_from"].is_string();
    fmt::print(stderr, "tapiary: the time limit ended it: this is the account since {}\n",
               known ? base::EscapeBytes(
                           std::string_view(answer["covered_from"].get_ref<const std::string&>()))
                     : "now");
  }
  if (is("groups_whole", false)) {
    fmt::print(stderr, "tapiary: there are more groups than the collector keeps apart\n");
  }
  if (is("distinct_whole", false)) {
    fmt::print(stderr, "tapiary: there are more distinct values than were counted\n");
  }
}

}  // namespace

base::Result<ExitCode> RunTop(ListKind kind, const ListOptions& options) {
  TAPIARY_ASSIGN(const auto client, CollectorClient::Open(options.collector));
  Parameters parameters = WindowParameters(options);
  parameters.emplace_back("field", options.top);
  parameters.emplace_back("by", options.by);
  parameters.emplace_back("distinct", options.distinct);
  if (options.limit == 0)
    return MakeError(ErrorCode::kInvalid, "--limit: from 1 to 1000 with --top");
  if (options.limit > 0) parameters.emplace_back("limit", std::to_string(options.limit));
  const std::string path = fmt::format("/api/v1/{}/top", ToString(kind));
  TAPIARY_ASSIGN(const CollectorAnswer answer, client->Get(path, parameters));
  const Json json = Json::parse(answer.body, nullptr, false);
  TAPIARY_ASSIGN(const Table table, ToTable(json));
  table.Print(options.format, stdout, ListLayout());
  Remark(json);
  const bool partial = json.contains("partial") && json["partial"] == true;
  return partial ? ExitCode::kFailed : ExitCode::kOk;
}

}  // namespace tapiary::cli
