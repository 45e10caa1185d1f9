// Rows for people and machines: a verb fills a Table and prints it as aligned text, JSON, NDJSON or
// CSV (RFC 4180). Column names are the JSON keys and the CSV header.
//
// All strings are escaped with base::EscapeBytes, so bytes from a network may be passed as they
// are. CSV cells that a spreadsheet would run as a formula get a leading apostrophe. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include "cli/aligned_text.h"

namespace CLI {
class App;
}

namespace tapiary::cli {

enum class Format { kTable, kJson, kNdjson, kCsv };

// Adds --format table|json|ndjson|csv. *format keeps its value as the default and must outlive app.
void AddFormatOption(CLI::App& app, Format* format);

// monostate is an absent value: "-" in a table, null in JSON, empty in CSV.
using Cell = std::variant<std::monostate, std::string, std::int64_t, std::uint64_t, double, bool,
                          std::vector<std::string>>;
using Row = std::vector<Cell>;

class Table {
 public:
  explicit Table(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  // One cell per column; missing ones at the end are absent values, extra ones are dropped.
  void Add(Row row);
  // The layout is that of Format::kTable; by default nothing is cut.
  [[nodiscard]] std::string ToText(Format format, const TextLayout& layout = {}) const;
  // Writes ToText. The caller checks ferror.
  void Print(Format format, std::FILE* out, const TextLayout& layout = {}) const;

 private:
  std::vector<std::string> columns_;
  std::vector<Row> rows_;
};

}  // namespace tapiary::cli
