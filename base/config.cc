#include "base/config.h"

#include <algorithm>
#include <array>
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

// The shortest exact text of a value: 10485760 is "10MiB". Units go from large to 1.
using Reader = Result<std::int64_t> (*)(std::string_view);
std::string Exact(std::int64_t value, Reader read, std::span<const std::string_view> units) {
  for (const std::string_view unit : units) {
    const std::int64_t factor = read("1" + std::string(unit)).value();
    if (factor == 1 || (value != 0 && value % factor == 0)) {
      return std::to_string(value / factor) + std::string(unit);
    }
  }
  return std::to_string(value);
}
constexpr std::array<std::string_view, 5> kSizeUnits = {"TiB", "GiB", "MiB", "KiB", ""};
constexpr std::array<std::string_view, 7> kTimeUnits = {"d", "h", "m", "s", "ms", "us", "ns"};

auto BoundedSetter(std::int64_t* target, std::int64_t min, std::int64_t max, Reader read,
                   std::string bounds) {
  return [=](const Values& values) -> Result<> {
    TAPIARY_ASSIGN(const std::int64_t number, read(values.back()));
    if (number < min || number > max)
      return Invalid(Quoted(values.back()) + " is outside " + bounds);
    *target = number;
    return {};
  };
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

void ConfigTable::AddInt(std::string key, std::int64_t* target, std::int64_t min, std::int64_t max,
                         std::string sentence) {
  const std::string bounds = std::to_string(min) + " to " + std::to_string(max);
  AddRow({std::move(key), "number", bounds, std::move(sentence), "", false,
          BoundedSetter(target, min, max, ReadNumber, bounds),
          [target] { return Values{std::to_string(*target)}; }});
}

void ConfigTable::AddSize(std::string key, std::int64_t* target, std::string_view default_value,
                          std::string_view min, std::string_view max, std::string sentence) {
  const std::string bounds = std::string(min) + " to " + std::string(max);
  *target = ParseSize(default_value).value();
  AddRow({std::move(key), "size", bounds, std::move(sentence), "", false,
          BoundedSetter(target, ParseSize(min).value(), ParseSize(max).value(), ParseSize, bounds),
          [target] { return Values{Exact(*target, ParseSize, kSizeUnits)}; }});
}

void ConfigTable::AddDuration(std::string key, std::int64_t* target, std::string_view default_value,
                              std::string_view min, std::string_view max, std::string sentence) {
  const std::string bounds = std::string(min) + " to " + std::string(max);
  *target = ParseDuration(default_value).value();
  AddRow({std::move(key), "duration", bounds, std::move(sentence), "", false,
          BoundedSetter(target, ParseDuration(min).value(), ParseDuration(max).value(),
                        ParseDuration, bounds),
          [target] { return Values{Exact(*target, ParseDuration, kTimeUnits)}; }});
}

void ConfigTable::AddExample(std::string command, std::string sentence) {
  examples_.emplace_back(std::move(command), std::move(sentence));
}

const ConfigTable::Row* ConfigTable::Find(std::string_view key) const {
  const auto row = std::find_if(rows_.begin(), rows_.end(),
                                [&](const Row& candidate) { return candidate.key == key; });
  return row == rows_.end() ? nullptr : &*row;
}

Result<> ConfigTable::Set(std::string_view key, const Values& values, std::string_view where) {
  const std::string prefix = std::string(where) + ": " + EscapeBytes(key.substr(0, 80));
  if (const Row* row = Find(key)) {
    const Result<> set = row->set(values);
    return set ? set : set.error().WithContext(prefix);
  }
  const Row* nearest = nullptr;
  std::size_t best = 3 + key.size() / 8;
  for (const Row& row : rows_) {
    if (key.size() > 80) break;
    // The last part alone, or a few wrong letters: both are what people write.
    const bool tail = row.key.ends_with("." + std::string(key));
    const std::size_t distance = tail ? 0 : EditDistance(key, row.key);
    if (distance < best) {
      best = distance;
      nearest = &row;
    }
  }
  return Invalid(prefix + ": no such key" +
                 (nearest == nullptr ? "" : "; did you mean " + nearest->key + "?"));
}

// --key value, --key=value, and --flag alone; `at` ends on the last argument that was used.
Result<std::pair<std::string, std::string>> ConfigTable::TakeOption(const Values& arguments,
                                                                    std::size_t& at) const {
  const std::string& text = arguments[at];
  if (!text.starts_with("--")) return Invalid("unexpected argument " + Quoted(text));
  const std::size_t equals = text.find('=');
  if (equals != text.npos) return std::pair{text.substr(2, equals - 2), text.substr(equals + 1)};
  const std::string key = text.substr(2);
  const Row* row = Find(key);
  const bool last = at + 1 == arguments.size();
  if (row == nullptr && key != "config") return std::pair{key, std::string()};
  if (row != nullptr && row->type == "flag" && (last || !ReadFlag(arguments[at + 1]))) {
    return std::pair{key, std::string("true")};
  }
  if (last || arguments[at + 1].starts_with("--")) {
    return Invalid("command line: --" + key + " needs a value");
  }
  return std::pair{key, arguments[++at]};
}

Result<ConfigAction> ConfigTable::Parse(int argc, const char* const* argv) {
  const Values arguments(argv + std::min(1, argc), argv + argc);
  bool check = false;
  bool dump = false;
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
    if (key == "config" || ((key == "check-config" || key == "dump-config") && value.empty()))
      continue;
    Values& values = given[key];
    const Row* row = Find(key);
    if (row == nullptr || !row->is_list || value.empty()) values.clear();
    if (row == nullptr || !row->is_list || !value.empty()) values.push_back(std::move(value));
    TAPIARY_TRY(Set(key, values, "command line"));
  }
  if (dump) std::fputs(Dump().c_str(), stdout);
  if (check) std::fputs("configuration is good\n", stderr);
  return check || dump ? ConfigAction::kDone : ConfigAction::kRun;
}

}  // namespace tapiary::base
