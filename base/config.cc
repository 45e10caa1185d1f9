#include "base/config.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>

#include "base/text.h"

namespace tapiary::base {

namespace {
using Values = std::vector<std::string>;

Error Invalid(std::string message) {
  return MakeError(ErrorCode::kInvalid, std::move(message));
}

std::string Quoted(std::string_view text) {
  return "'" + EscapeBytes(text.substr(0, 60)) + "'";
}

std::optional<bool> ReadFlag(std::string_view text) {
  if (text == "true" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "no" || text == "off") return false;
  return std::nullopt;
}

Result<std::int64_t> ReadNumber(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end) return number;
  return Invalid("not a whole number: " + Quoted(text));
}

// Keeps the dump readable and exact: YAML and --help can carry valid UTF-8 only.
Result<std::string> ReadText(const std::string& text) {
  if (IsValidUtf8(text) && text.find('\0') == std::string::npos) return text;
  return Invalid(Quoted(text) + " is not valid UTF-8 text");
}

// How a kind of bounded number is read, and its units from large to 1.
struct Kind {
  Result<std::int64_t> (*read)(std::string_view);
  std::vector<std::string> units;
};
const std::map<std::string_view, Kind> kKinds = {
    {"number", {ReadNumber, {""}}},
    {"size", {ParseSize, {"TiB", "GiB", "MiB", "KiB", ""}}},
    {"duration", {ParseDuration, {"d", "h", "m", "s", "ms", "us", "ns"}}}};

// The shortest exact text of a value: 10485760 is "10MiB".
std::string Exact(std::int64_t value, const Kind& kind) {
  for (const std::string& unit : kind.units) {
    const std::int64_t factor = kind.read("1" + unit).value();
    if (value != 0 && value % factor == 0) return std::to_string(value / factor) + unit;
  }
  return kind.units.back() == "ns" ? "0s" : "0" + kind.units.back();
}

// "a.b" of "a.b.c"; nothing of "c".
std::string_view GroupOf(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : key.substr(0, dot);
}

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t swap = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({swap, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

}  // namespace

ConfigTable::ConfigTable(std::string program, std::string summary)
    : program_(std::move(program)), summary_(std::move(summary)) {}

// Rows of a group stay together, in the order of their first key; keys without a group come first.
void ConfigTable::AddRow(Row row) {
  if (Find(row.key) != nullptr) {
    std::fprintf(stderr, "fatal: configuration key %s is defined twice\n", row.key.c_str());
    std::abort();
  }
  for (const std::string& value : row.get()) {
    row.default_text += (row.default_text.empty() ? "" : ", ") + value;
  }
  const std::string_view group = GroupOf(row.key);
  auto place = std::find_if(rows_.rbegin(), rows_.rend(), [&](const Row& other) {
                 return GroupOf(other.key) == group;
               }).base();
  if (place == rows_.begin() && !group.empty()) place = rows_.end();
  rows_.insert(place, std::move(row));
}

void ConfigTable::Add(std::string key, std::string* target, std::string sentence) {
  AddRow({std::move(key), "text", "", std::move(sentence), "", false,
          [target](const Values& values) -> Result<> {
            TAPIARY_ASSIGN(*target, ReadText(values.back()));
            return {};
          },
          [target] { return Values{*target}; }});
}

void ConfigTable::Add(std::string key, bool* target, std::string sentence) {
  AddRow({std::move(key), "flag", "", std::move(sentence), "", false,
          [target](const Values& values) -> Result<> {
            const auto flag = ReadFlag(values.back());
            if (!flag) return Invalid(Quoted(values.back()) + " is neither true nor false");
            *target = *flag;
            return {};
          },
          [target] { return Values{*target ? "true" : "false"}; }});
}

void ConfigTable::Add(std::string key, Values* target, std::string sentence) {
  AddRow({std::move(key), "list", "", std::move(sentence), "", true,
          [target](const Values& values) -> Result<> {
            for (const std::string& value : values) TAPIARY_TRY(ReadText(value));
            *target = values;
            return {};
          },
          [target] { return *target; }});
}

void ConfigTable::AddBounded(std::string key, const char* type, std::int64_t* target,
                             std::string_view min, std::string_view max, std::string sentence) {
  const Kind& kind = kKinds.at(type);
  const std::string bounds = std::string(min) + " to " + std::string(max);
  const auto set = [=, &kind, low = kind.read(min).value(),
                    high = kind.read(max).value()](const Values& values) -> Result<> {
    TAPIARY_ASSIGN(const std::int64_t number, kind.read(values.back()));
    if (number < low || number > high) {
      return Invalid(Quoted(values.back()) + " is outside " + bounds);
    }
    *target = number;
    return {};
  };
  AddRow({std::move(key), type, bounds, std::move(sentence), "", false, set,
          [target, &kind] { return Values{Exact(*target, kind)}; }});
}

void ConfigTable::AddInt(std::string key, std::int64_t* target, std::int64_t min, std::int64_t max,
                         std::string sentence) {
  AddBounded(std::move(key), "number", target, std::to_string(min), std::to_string(max),
             std::move(sentence));
}

void ConfigTable::AddSize(std::string key, std::int64_t* target, std::string_view default_value,
                          std::string_view min, std::string_view max, std::string sentence) {
  *target = ParseSize(default_value).value();
  AddBounded(std::move(key), "size", target, min, max, std::move(sentence));
}

void ConfigTable::AddDuration(std::string key, std::int64_t* target, std::string_view default_value,
                              std::string_view min, std::string_view max, std::string sentence) {
  *target = ParseDuration(default_value).value();
  AddBounded(std::move(key), "duration", target, min, max, std::move(sentence));
}

void ConfigTable::AddExample(std::string command, std::string sentence) {
  examples_.emplace_back(std::move(command), std::move(sentence));
}

const ConfigTable::Row* ConfigTable::Find(std::string_view key) const {
  const auto row = std::ranges::find(rows_, key, &Row::key);
  return row == rows_.end() ? nullptr : &*row;
}

Result<> ConfigTable::Set(std::string_view key, const Values& values, std::string_view where) {
  const std::string prefix = std::string(where) + ": " + EscapeBytes(key.substr(0, 80));
  if (const Row* row = Find(key)) {
    const Result<> set = row->set(values);
    return set ? set : set.error().WithContext(prefix);
  }
  // A few wrong letters, or the last part alone: both are what people write.
  std::pair<std::size_t, std::string> best{3 + std::min<std::size_t>(key.size(), 80) / 8, ""};
  for (const Row& row : rows_) {
    const bool is_tail = row.key.ends_with("." + std::string(key));
    const std::size_t distance = is_tail ? 0 : EditDistance(key.substr(0, 80), row.key);
    if (distance < best.first) best = {distance, "; did you mean " + row.key + "?"};
  }
  return Invalid(prefix + ": no such key" + best.second);
}

// --key value, --key=value, and --flag alone; `at` ends on the last argument that was used.
Result<std::pair<std::string, std::string>> ConfigTable::TakeOption(const Values& arguments,
                                                                    std::size_t& at) {
  const std::string& text = arguments[at];
  if (!text.starts_with("--")) return Invalid("unexpected argument " + Quoted(text));
  const std::size_t equals = text.find('=');
  if (equals != text.npos) return std::pair{text.substr(2, equals - 2), text.substr(equals + 1)};
  const std::string key = text.substr(2);
  const Row* row = Find(key);
  const bool last = at + 1 == arguments.size();
  if (key == "check-config" || key == "dump-config") return std::pair{key, std::string()};
  if (row == nullptr && key != "config") return Set(key, {}, "command line").error();
  if (row != nullptr && row->type == "flag" && (last || !ReadFlag(arguments[at + 1]))) {
    return std::pair{key, std::string("true")};
  }
  if (last || arguments[at + 1].starts_with("--")) {
    return Invalid("command line: --" + key + " needs a value");
  }
  return std::pair{key, arguments[++at]};
}

Result<ConfigAction> ConfigTable::Parse(int argc, const char* const* argv, const Check& whole) {
  const Values arguments(argv + std::min(1, argc), argv + argc);
  bool check = false, dump = false;
  std::vector<std::pair<std::string, std::string>> options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--help" || arguments[i] == "-h" || arguments[i] == "--version") {
      const bool version = arguments[i] == "--version";
      std::fputs((version ? program_ + " " TAPIARY_VERSION "\n" : Help()).c_str(), stdout);
      return ConfigAction::kDone;
    }
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    TAPIARY_ASSIGN(auto option, TakeOption(arguments, i));
    check = check || arguments[i] == "--check-config";
    dump = dump || arguments[i] == "--dump-config";
    if (option.first == "config") TAPIARY_TRY(LoadFile(option.second));
    options.push_back(std::move(option));
  }
  std::map<std::string, Values> given;
  for (auto& [key, value] : options) {
    if (key == "config" || key == "check-config" || key == "dump-config") continue;
    Values& values = given[key];
    const Row* row = Find(key);
    if (row == nullptr || !row->is_list || value.empty()) values.clear();
    if (row == nullptr || !row->is_list || !value.empty()) values.push_back(std::move(value));
    TAPIARY_TRY(Set(key, values, "command line"));
  }
  if (whole) TAPIARY_TRY(whole());
  if (dump) std::fputs(Dump().c_str(), stdout);
  if (check) std::fputs("configuration is good\n", stderr);
  return check || dump ? ConfigAction::kDone : ConfigAction::kRun;
}

}  // namespace tapiary::base
