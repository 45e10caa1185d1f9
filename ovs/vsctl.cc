#include "ovs/vsctl.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ovs/process.h"

namespace tapiary::ovs {
namespace {

using base::ErrorCode;
using Json = nlohmann::json;

std::string AtomText(const Json& atom) {
  if (atom.is_string()) return atom.get<std::string>();
  if (atom.is_boolean()) return atom.get<bool>() ? "true" : "false";
  if (atom.is_array() && atom.size() == 2 && atom[1].is_string()) return atom[1].get<std::string>();
  return atom.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// RFC 7047 section 5.1: an atom, ["uuid", text], ["set", [atoms]] or ["map", [[key, value]]].
base::Result<Value> ParseValue(const Json& json) {
  Value value;
  const bool tagged = json.is_array() && json.size() == 2 && json[0].is_string();
  if (tagged && json[0] == "set" && json[1].is_array()) {
    for (const Json& atom : json[1]) value.items.push_back(AtomText(atom));
    return value;
  }
  if (tagged && json[0] == "map" && json[1].is_array()) {
    for (const Json& pair : json[1]) {
      if (!pair.is_array() || pair.size() != 2) {
        return base::MakeError(ErrorCode::kCorrupt, "ovs-vsctl: a map with an entry of no pair");
      }
      value.map[AtomText(pair[0])] = AtomText(pair[1]);
    }
    return value;
  }
  if (json.is_array() && !(tagged && json[0] == "uuid")) {
    return base::MakeError(ErrorCode::kCorrupt, "ovs-vsctl: a value of no known kind");
  }
  value.items.push_back(AtomText(json));
  return value;
}

base::Result<std::vector<DbRow>> ParseTable(const Json& table) {
  if (!table.is_object() || !table.contains("headings") || !table.contains("data") ||
      !table["headings"].is_array() || !table["data"].is_array()) {
    return base::MakeError(ErrorCode::kCorrupt, "ovs-vsctl: an answer without headings and data");
  }
  std::vector<DbRow> rows;
  for (const Json& cells : table["data"]) {
    if (!cells.is_array() || cells.size() != table["headings"].size()) {
      return base::MakeError(ErrorCode::kCorrupt, "ovs-vsctl: a row of the wrong size");
    }
    DbRow row;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      TAPIARY_ASSIGN(Value value, ParseValue(cells[i]));
      row.columns[AtomText(table["headings"][i])] = std::move(value);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

bool IsConnectionError(const std::string& message) {
  return message.find("database connection failed") != std::string::npos;
}

}  // namespace

const Value& DbRow::at(const std::string& column) const {
  static const Value kEmpty;
  const auto found = columns.find(column);
  return found == columns.end() ? kEmpty : found->second;
}

base::Result<std::vector<std::vector<DbRow>>> ParseTables(std::string_view text) {
  std::vector<std::vector<DbRow>> tables;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded()) {
      return base::MakeError(ErrorCode::kCorrupt,
                             "ovs-vsctl: no JSON: " + base::EscapeBytes(line.substr(0, 100)));
    }
    TAPIARY_ASSIGN(auto rows, ParseTable(json));
    tables.push_back(std::move(rows));
  }
  return tables;
}

base::Result<std::string> Vsctl::Run(std::vector<std::string> words,
                                     std::chrono::milliseconds timeout) const {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(timeout);
  std::vector<std::string> argv = {options_.program, fmt::format("--timeout={}", seconds.count()),
                                   "--format=json"};
  argv.insert(argv.end(), std::make_move_iterator(words.begin()),
              std::make_move_iterator(words.end()));
  const ProcessLimits limits{.timeout = timeout + options_.kill_after};
  TAPIARY_ASSIGN(ProcessResult result, RunProcess(argv, limits));
  if (result.ok()) return std::move(result.out);
  // With its own limit ovs-vsctl ends by SIGALRM.
  if (result.timed_out || result.signal != 0) {
    return base::MakeError(ErrorCode::kTimeout,
                           fmt::format("Open vSwitch did not answer in {} s", seconds.count()));
  }
  const std::string reason =
      base::EscapeBytes(result.err.substr(0, result.err.find_first_of('\n')));
  if (IsConnectionError(result.err)) {
    return base::MakeError(
        ErrorCode::kUnavailable,
        "Open vSwitch is not running (start it with scripts/ovs-start.sh): " + reason);
  }
  return base::MakeError(ErrorCode::kIo,
                         result.output_cut ? "ovs-vsctl: too long an answer" : reason);
}

base::Result<std::vector<std::vector<DbRow>>> Vsctl::ReadTables(
    const std::vector<std::string>& tables, bool after_timeout) const {
  std::vector<std::string> words = {"--no-wait"};
  for (const std::string& table : tables) {
    words.insert(words.end(), {"--", "list", table});
  }
  auto text = Run(std::move(words), after_timeout ? options_.reread_timeout : options_.timeout);
  if (!text) {
    base::Error error = text.error();
    // A read changes nothing: running out of time is the same as nobody being there.
    if (error.code == ErrorCode::kTimeout) error.code = ErrorCode::kUnavailable;
    return error;
  }
  TAPIARY_ASSIGN(auto rows, ParseTables(*text));
  if (rows.size() != tables.size()) {
    return base::MakeError(ErrorCode::kCorrupt, "ovs-vsctl: not one answer per table");
  }
  return rows;
}

base::Result<> Vsctl::Write(const std::vector<VsctlCommand>& commands) const {
  std::vector<std::string> words;
  for (const VsctlCommand& command : commands) {
    words.emplace_back("--");
    words.insert(words.end(), command.begin(), command.end());
  }
  TAPIARY_TRY(Run(std::move(words), options_.timeout));
  return {};
}

}  // namespace tapiary::ovs
