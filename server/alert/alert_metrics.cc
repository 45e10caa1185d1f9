#include "server/alert/alert_metrics.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "server/alert/rule.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kLatelyNs = base::kNanosPerHour;

void AddType(std::string& text, const char* name, const char* help) {
  text += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", name, help);
}

base::Result<> AddOpen(const Catalog& catalog, std::string& text) {
  std::array<std::int64_t, 5> open{};
  TAPIARY_TRY(catalog.QuickQuery(
      "SELECT severity, COUNT(*) FROM alerts WHERE acknowledged_ns IS NULL GROUP BY severity", {},
      [&open](const SqlRow& row) {
        const auto severity = static_cast<std::size_t>(row.Int(0));
        if (severity < open.size()) open[severity] = row.Int(1);
        return true;
      }));
  AddType(text, "tapiary_alerts_open", "Alerts that nobody has acknowledged.");
  for (std::size_t i = 0; i < open.size(); ++i) {
    text += fmt::format("tapiary_alerts_open{{severity=\"{}\"}} {}\n",
                        ToString(static_cast<Severity>(i)), open[i]);
  }
  return {};
}

// Names of targets are of a-z, 0-9 and - only.
base::Result<> AddMessages(const Catalog& catalog, std::string& text) {
  AddType(text, "tapiary_alert_messages", "Messages that wait, or were given up, by target.");
  return catalog.QuickQuery(
      "SELECT target, state, COUNT(*) FROM alert_outbox WHERE state IN ('waiting', 'dead') "
      "GROUP BY target, state ORDER BY target, state",
      {}, [&text](const SqlRow& row) {
        text += fmt::format("tapiary_alert_messages{{target=\"{}\",state=\"{}\"}} {}\n",
                            row.Text(0), row.Text(1), row.Int(2));
        return true;
      });
}

base::Result<> AddOne(const Catalog& catalog, const char* sql, std::int64_t value,
                      std::int64_t& out) {
  const SqlValue values[] = {value};
  return catalog.QuickQuery(sql, values, [&out](const SqlRow& row) {
    out = row.Int(0);
    return false;
  });
}

base::Result<> AddJudging(const Catalog& catalog, std::int64_t now_ns, std::string& text) {
  std::int64_t lag_ns = 0;
  TAPIARY_TRY(
      AddOne(catalog, "SELECT COALESCE(? - MIN(received_ns), 0) FROM alert_work", now_ns, lag_ns));
  AddType(text, "tapiary_alert_lag_seconds", "Age of the oldest item that no rule has judged.");
  text += fmt::format("tapiary_alert_lag_seconds {:.3f}\n",
                      static_cast<double>(std::max<std::int64_t>(0, lag_ns)) / 1e9);
  std::int64_t troubled = 0;
  TAPIARY_TRY(AddOne(catalog,
                     "SELECT COUNT(*) FROM alert_rules WHERE deleted_ns IS NULL AND enabled = 1 "
                     "AND trouble_ns >= ?",
                     now_ns - kLatelyNs, troubled));
  AddType(text, "tapiary_alert_rules_troubled", "Rules that failed or were slow in the last hour.");
  text += fmt::format("tapiary_alert_rules_troubled {}\n", troubled);
  return {};
}

}  // namespace

std::string AlertMetrics(const Catalog& catalog, std::int64_t now_ns) {
  std::string text;
  const bool whole =
      AddOpen(catalog, text) && AddMessages(catalog, text) && AddJudging(catalog, now_ns, text);
  return whole ? text : std::string();
}

}  // namespace tapiary::server
