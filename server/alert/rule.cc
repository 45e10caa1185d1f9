#include "server/alert/rule.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 5> kSeverities{"info", "low", "medium", "high", "critical"};
constexpr std::array<std::string_view, 8> kKinds{
    "match", "sensor-silent",    "sensor-blind",   "loss",
    "alarm", "sensor-broadcast", "sensor-one-way", "one-source"};
constexpr std::array<std::string_view, 7> kGroupFields{
    "sensor", "ip.src", "ip.dst", "service", "operation", "technique", "user"};
constexpr std::array<std::string_view, 3> kTables{"flows", "transactions", "events"};

constexpr std::size_t kMaxName = 100;
constexpr std::size_t kMaxNote = 2000;
constexpr std::size_t kMaxList = 16;
constexpr std::size_t kMaxListText = 64;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kPpm = 1'000'000;

base::Error Invalid(std::string message) {
  return base::MakeError(base::ErrorCode::kInvalid, std::move(message));
}

template <std::size_t N>
std::string OneOf(const std::array<std::string_view, N>& names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

template <std::size_t N>
base::Result<std::size_t> IndexOf(const std::array<std::string_view, N>& names,
                                  std::string_view text) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) return Invalid("must be one of " + OneOf(names));
  return static_cast<std::size_t>(found - names.begin());
}

// One member after the other is taken out of the object; what is left then is unknown.
class Members {
 public:
  explicit Members(Json object) : object_(std::move(object)) {}

  // Nothing changes when the member is absent.
  base::Result<> Text(const char* key, std::size_t max, std::string* out) {
    const auto taken = Take(key);
    if (taken.is_null()) return {};
    if (!taken.is_string()) return Wrong(key, "must be a text");
    *out = taken.get<std::string>();
    if (out->size() > max) return Wrong(key, fmt::format("has more than {} bytes", max));
    if (out->find('\0') != std::string::npos) return Wrong(key, "has a NUL character");
    return {};
  }
  base::Result<> Flag(const char* key, bool* out) {
    const auto taken = Take(key);
    if (taken.is_null()) return {};
    if (!taken.is_boolean()) return Wrong(key, "must be true or false");
    *out = taken.get<bool>();
    return {};
  }
  base::Result<> Number(const char* key, double min, double max, double* out) {
    const auto taken = Take(key);
    if (taken.is_null()) return {};
    const bool good = taken.is_number() && taken.get<double>() >= min && taken.get<double>() <= max;
    if (!good) return Wrong(key, fmt::format("must be a number from {} to {}", min, max));
    *out = taken.get<double>();
    return {};
  }
  base::Result<> Duration(const char* key, std::int64_t min, std::int64_t max, std::int64_t* out) {
    std::string text;
    TAPIARY_TRY(Text(key, kMaxListText, &text));
    if (text.empty()) return {};
    const auto parsed = base::ParseDuration(text);
    if (!parsed || *parsed < min || *parsed > max) {
      return Wrong(key, fmt::format("must be a duration from {} s to {} s, such as \"5m\"",
                                    min / kSecond, max / kSecond));
    }
    *out = *parsed;
    return {};
  }
  template <std::size_t N, class E>
  base::Result<> Word(const char* key, const std::array<std::string_view, N>& names, E* out,
                      bool* given = nullptr) {
    std::string text;
    TAPIARY_TRY(Text(key, kMaxListText, &text));
    if (given != nullptr) *given = !text.empty();
    if (text.empty()) return {};
    const auto index = IndexOf(names, text);
    if (!index) return Wrong(key, index.error().message);
    *out = static_cast<E>(*index);
    return {};
  }
  base::Result<> Texts(const char* key, std::vector<std::string>* out) {
    const auto taken = Take(key);
    if (taken.is_null()) return {};
    if (!taken.is_array() || taken.size() > kMaxList) {
      return Wrong(key, fmt::format("must be a list of at most {} texts", kMaxList));
    }
    out->clear();
    for (const auto& item : taken) {
      const bool good = item.is_string() && !item.get_ref<const std::string&>().empty() &&
                        item.get_ref<const std::string&>().size() <= kMaxListText;
      if (!good) return Wrong(key, "holds something that is no short text");
      out->push_back(item.get<std::string>());
    }
    return {};
  }
  [[nodiscard]] base::Result<> NothingLeft() const {
    if (object_.empty()) return {};
    return Invalid(
        fmt::format("unknown member '{}'", base::EscapeBytes(object_.begin().key().substr(0, 60))));
  }

 private:
  Json Take(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) return nullptr;
    Json value = std::move(*found);
    object_.erase(found);
    return value;
  }
  static base::Error Wrong(const char* key, const std::string& what) {
    return Invalid(fmt::format("{}: {}", key, what));
  }
  Json object_;
};

// The first table that has all of the filter's fields.
base::Result<FilterTable> TableFor(const Filter& filter) {
  for (const FilterTable table :
       {FilterTable::kTransactions, FilterTable::kFlows, FilterTable::kEvents}) {
    if (filter.FieldsNotIn(table).empty()) return table;
  }
  return Invalid("filter: no table has all of its fields; see docs/filter.md");
}

base::Result<> ParseMatch(Members& members, AlertRule& rule, FilterError* error,
                          std::int64_t now_ns) {
  TAPIARY_TRY(members.Text("filter", kMaxFilterBytes, &rule.filter_text));
  if (rule.filter_text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Invalid("filter: is missing; an empty one would match everything");
  }
  auto filter = Filter::Parse(rule.filter_text, error, now_ns);
  if (!filter) return filter.error().WithContext("filter");
  rule.filter = std::move(*filter);
  bool given = false;
  TAPIARY_TRY(members.Word("over", kTables, &rule.over, &given));
  if (!given) {
    TAPIARY_ASSIGN(rule.over, TableFor(rule.filter));
    return {};
  }
  const auto absent = rule.filter.FieldsNotIn(rule.over);
  if (absent.empty()) return {};
  return Invalid(fmt::format("filter: {} have no field '{}'", ToString(rule.over), absent[0]));
}

base::Result<> ParseGroups(Members& members, AlertRule& rule) {
  std::vector<std::string> names;
  for (const GroupField field : rule.group_by) names.emplace_back(ToString(field));
  TAPIARY_TRY(members.Texts("group_by", &names));
  rule.group_by.clear();
  for (const std::string& name : names) {
    const auto index = IndexOf(kGroupFields, name);
    if (!index) return index.error().WithContext("group_by");
    const auto field = static_cast<GroupField>(*index);
    if (std::ranges::find(rule.group_by, field) == rule.group_by.end()) {
      rule.group_by.push_back(field);
    }
  }
  return {};
}

base::Result<> ParseCommon(Members& members, AlertRule& rule) {
  TAPIARY_TRY(members.Text("name", kMaxName, &rule.name));
  if (rule.name.find_first_not_of(' ') == std::string::npos) return Invalid("name: is missing");
  if (base::EscapeBytes(rule.name) != rule.name) {
    return Invalid("name: control characters and '\\' are not allowed");
  }
  TAPIARY_TRY(members.Text("note", kMaxNote, &rule.note));
  TAPIARY_TRY(members.Word("severity", kSeverities, &rule.severity));
  TAPIARY_TRY(members.Flag("enabled", &rule.enabled));
  TAPIARY_TRY(members.Word("when", kKinds, &rule.kind));
  TAPIARY_TRY(ParseGroups(members, rule));
  TAPIARY_TRY(members.Duration("cooldown", 0, 30 * base::kNanosPerDay, &rule.cooldown_ns));
  auto per_hour = static_cast<double>(rule.max_per_hour);
  TAPIARY_TRY(members.Number("max_per_hour", 1, kMaxAlertsPerHour, &per_hour));
  rule.max_per_hour = static_cast<std::int64_t>(per_hour);
  return members.Texts("targets", &rule.targets);
}

std::string DurationText(std::int64_t ns) {
  if (ns % kSecond == 0) return fmt::format("{}s", ns / kSecond);
  return fmt::format("{}ms", ns / 1'000'000);
}

}  // namespace

std::string_view ToString(Severity severity) {
  return kSeverities[static_cast<std::size_t>(severity)];
}

base::Result<Severity> ParseSeverity(std::string_view text) {
  TAPIARY_ASSIGN(const std::size_t index, IndexOf(kSeverities, text));
  return static_cast<Severity>(index);
}

std::string_view ToString(RuleKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::string_view ToString(GroupField field) {
  return kGroupFields[static_cast<std::size_t>(field)];
}

base::Result<AlertRule> ParseRule(std::string_view json, FilterError* filter_error,
                                  std::int64_t now_ns) {
  Json object = Json::parse(json, nullptr, false);
  if (!object.is_object()) return Invalid("a rule is a JSON object");
  Members members(std::move(object));
  AlertRule rule;
  TAPIARY_TRY(ParseCommon(members, rule));
  if (rule.kind == RuleKind::kMatch) {
    TAPIARY_TRY(ParseMatch(members, rule, filter_error, now_ns));
  } else if (rule.kind == RuleKind::kAlarm) {
    TAPIARY_TRY(members.Texts("alarms", &rule.alarms));
  } else {
    TAPIARY_TRY(members.Duration("after", 10 * kSecond, 30 * base::kNanosPerDay, &rule.after_ns));
  }
  if (rule.kind == RuleKind::kLoss) {
    double percent = static_cast<double>(rule.loss_ppm) / (kPpm / 100);
    TAPIARY_TRY(members.Number("percent", 0.0001, 100, &percent));
    rule.loss_ppm = std::llround(percent * (kPpm / 100));
  }
  TAPIARY_TRY(members.NothingLeft());
  return rule;
}

std::string RuleJson(const AlertRule& rule) {
  Json groups = Json::array();
  for (const GroupField field : rule.group_by) groups.push_back(ToString(field));
  Json json = {{"name", rule.name},
               {"severity", ToString(rule.severity)},
               {"enabled", rule.enabled},
               {"note", rule.note},
               {"when", ToString(rule.kind)}};
  if (rule.kind == RuleKind::kMatch) {
    json["over"] = ToString(rule.over);
    json["filter"] = rule.filter_text;
  } else if (rule.kind == RuleKind::kAlarm) {
    json["alarms"] = rule.alarms;
  } else {
    json["after"] = DurationText(rule.after_ns);
  }
  if (rule.kind == RuleKind::kLoss) {
    json["percent"] = static_cast<double>(rule.loss_ppm) / (kPpm / 100);
  }
  json["group_by"] = std::move(groups);
  json["cooldown"] = DurationText(rule.cooldown_ns);
  json["max_per_hour"] = rule.max_per_hour;
  json["targets"] = rule.targets;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tapiary::server
