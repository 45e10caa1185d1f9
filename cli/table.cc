#include "cli/table.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace tapiary::cli {
namespace {

// EscapeBytes leaves no control character and keeps valid UTF-8; what is left to JSON are quotes
// and backslashes.
std::string JsonString(std::string_view text) {
  std::string out = "\"";
  for (const char c : base::EscapeBytes(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string Number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "null";
}

std::string ToJson(const Cell& cell) {
  struct Visitor {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(const std::string& v) const { return JsonString(v); }
    std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
    std::string operator()(std::uint64_t v) const { return fmt::format("{}", v); }
    std::string operator()(double v) const { return Number(v); }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(const std::vector<std::string>& v) const {
      std::vector<std::string> items;
      for (const auto& item : v) items.push_back(JsonString(item));
      return fmt::format("[{}]", fmt::join(items, ","));
    }
  };
  return std::visit(Visitor{}, cell);
}

std::string ToPlain(const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return "";
  if (const auto* text = std::get_if<std::string>(&cell)) return base::EscapeBytes(*text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&cell)) {
    return base::EscapeBytes(fmt::format("{}", fmt::join(*list, " ")));
  }
  return ToJson(cell);
}

std::string CsvCell(const Cell& cell) {
  std::string text = ToPlain(cell);
  const bool is_text = std::holds_alternative<std::string>(cell) ||
                       std::holds_alternative<std::vector<std::string>>(cell);
  // A spreadsheet runs cells that begin so; what attackers sent must stay text.
  if (is_text && !text.empty() && std::string_view("=+-@").find(text[0]) != std::string::npos) {
    text.insert(0, 1, '\'');
  }
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string JsonObject(const std::vector<std::string>& columns, const Row& row) {
  std::string out = "{";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += ',';
    out += JsonString(columns[i]) + ':' + ToJson(row[i]);
  }
  return out + '}';
}

// For people: bytes that could pose as another cell are escaped.
std::string ToShown(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return CellText(*text);
  const auto* const list = std::get_if<std::vector<std::string>>(&cell);
  if (list == nullptr) return ToPlain(cell);
  std::string out;
  for (const std::string& item : *list) out += (out.empty() ? "" : " ") + CellText(item);
  return out;
}

std::string ToTable(const std::vector<std::string>& columns, const std::vector<Row>& rows,
                    const TextLayout& layout) {
  std::vector<std::vector<std::string>> lines = {columns};
  for (const Row& row : rows) {
    std::vector<std::string> line;
    for (const Cell& cell : row) {
      line.push_back(ToShown(cell));
      if (line.back().empty()) line.back() = "-";
    }
    lines.push_back(std::move(line));
  }
  return AlignedText(std::move(lines), layout);
}

}  // namespace

void AddFormatOption(CLI::App& app, Format* format) {
  static const std::map<std::string, Format> kNames = {{"table", Format::kTable},
                                                       {"json", Format::kJson},
                                                       {"ndjson", Format::kNdjson},
                                                       {"csv", Format::kCsv}};
  // A validator of our own words: CLI11's prints the enumerators as numbers.
  app.add_option_function<std::string>(
         "--format", [format](const std::string& name) { *format = kNames.at(name); },
         "output format: table, json, ndjson or csv")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json", "ndjson", "csv"}));
}

void Table::Add(Row row) {
  row.resize(columns_.size());
  rows_.push_back(std::move(row));
}

std::string Table::ToText(Format format, const TextLayout& layout) const {
  std::string out;
  switch (format) {
    case Format::kTable:
      return ToTable(columns_, rows_, layout);
    case Format::kJson:
      for (const Row& row : rows_) {
        out += (out.empty() ? "[\n " : ",\n ") + JsonObject(columns_, row);
      }
      return out.empty() ? "[]\n" : out + "\n]\n";
    case Format::kNdjson:
      for (const Row& row : rows_) out += JsonObject(columns_, row) + '\n';
      return out;
    case Format::kCsv:
      for (std::size_t i = 0; i < columns_.size(); ++i) out += (i > 0 ? "," : "") + columns_[i];
      out += "\r\n";
      for (const Row& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) out += (i > 0 ? "," : "") + CsvCell(row[i]);
        out += "\r\n";
      }
      return out;
  }
  return out;
}

void Table::Print(Format format, std::FILE* out, const TextLayout& layout) const {
  const std::string text = ToText(format, layout);
  std::fwrite(text.data(), 1, text.size(), out);
}

}  // namespace tapiary::cli
