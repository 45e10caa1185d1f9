// AlertRule: when to raise an alert, how loud, and to whom. As JSON in the API and the catalog;
// reference: docs/alerts.md.
//
// A rule of the kind `match` has a filter over one table; the other kinds are conditions that no
// single record shows. Checked when parsed: what follows works on values. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/query/filter.h"

namespace tapiary::server {

enum class Severity : std::uint8_t { kInfo, kLow, kMedium, kHigh, kCritical };
std::string_view ToString(Severity severity);
base::Result<Severity> ParseSeverity(std::string_view text);

enum class RuleKind : std::uint8_t {
  kMatch,
  kSensorSilent,     // a sensor sends nothing (HP-05)
  kSensorBlind,      // a sensor sends, and captures nothing (HP-05)
  kLoss,             // more than so much of the offered packets was lost
  kAlarm,            // the collector itself noted an alarm: another digest, a broken chain, ...
  kSensorBroadcast,  // a sensor sees broadcast only (HP-05)
  kSensorOneWay,     // a sensor sees one direction only (HP-05)
  kOneSource,        // nearly all flows come from one private address (HP-03)
};
std::string_view ToString(RuleKind kind);

// What makes matches alike, so that they are one alert during the cool-down.
enum class GroupField : std::uint8_t {
  kSensor,
  kSource,
  kDestination,
  kService,
  kOperation,
  kTechnique,
  kUser,
};
std::string_view ToString(GroupField field);

struct AlertRule {
  std::int64_t id = 0;
  std::string name;
  std::string note;  // for who gets the alert: what it means, what to do
  Severity severity = Severity::kMedium;
  bool enabled = true;
  RuleKind kind = RuleKind::kMatch;
  std::string filter_text;  // kMatch
  Filter filter;            // kMatch
  FilterTable over = FilterTable::kTransactions;
  std::vector<GroupField> group_by{GroupField::kSensor, GroupField::kSource};
  std::int64_t cooldown_ns = 300'000'000'000;
  std::int64_t max_per_hour = 60;           // alerts; what is beyond goes into one
  std::vector<std::string> targets;         // empty: all
  std::int64_t after_ns = 300'000'000'000;  // silent, blind: for so long; loss: measured over
  std::int64_t loss_ppm = 10'000;           // kLoss: of a million packets
  std::vector<std::string> alarms;          // kAlarm: the audit log's words; empty: all of them
};

inline constexpr std::size_t kMaxRuleBytes = 16 * 1024;
inline constexpr std::size_t kMaxRules = 200;
inline constexpr std::int64_t kMaxAlertsPerHour = 3600;

// From the API's or the catalog's text. kInvalid says which member is wrong; a filter's error is
// `*filter_error`, when given. Times such as -1h in the filter are counted from now_ns, so a rule
// is parsed anew for each judgement.
base::Result<AlertRule> ParseRule(std::string_view json, FilterError* filter_error = nullptr,
                                  std::int64_t now_ns = base::WallNow());
// What ParseRule reads back, as a JSON object without the id.
std::string RuleJson(const AlertRule& rule);

}  // namespace tapiary::server
