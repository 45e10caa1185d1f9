#include "server/alert/evaluator.h"

#include <fmt/core.h>

#include "base/text.h"
#include "server/alert/match.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kPortion = 64;

}  // namespace

// A rule that fails for a reason of its own must not hold up the others: that is told, and the work
// goes on without it. A database that is away is no reason of its own.
base::Result<std::vector<Evaluator::Judged>> Evaluator::Judge(const std::vector<StoredRule>& rules,
                                                              const std::vector<AlertWork>& work,
                                                              std::int64_t now_ns) {
  std::vector<Judged> judged;
  for (const StoredRule& stored : rules) {
    if (!stored.rule.enabled || stored.rule.kind != RuleKind::kMatch) continue;
    auto result = MatchWork(catalog_, stored.rule, work);
    if (!result && result.error().code == base::ErrorCode::kUnavailable) return result.error();
    if (!result) {
      TellTrouble(stored.rule, result.error().message, now_ns);
      continue;
    }
    if (result->partial) TellTrouble(stored.rule, "too slow: it did not see all records", now_ns);
    if (!result->groups.empty()) judged.push_back({&stored.rule, std::move(result->groups)});
  }
  return judged;
}

void Evaluator::TellTrouble(const AlertRule& rule, const std::string& trouble,
                            std::int64_t now_ns) {
  std::uint64_t suppressed = 0;
  if (!trouble_log_.Allow(&suppressed)) return;
  base::LogWarning("alert rule {} ({}): {} ({} more before)", rule.id, base::EscapeBytes(rule.name),
                   base::EscapeBytes(trouble), suppressed);
  if (const auto noted = NoteRuleTrouble(catalog_, rule.id, trouble, now_ns); !noted) {
    base::LogWarning("alert rule {}: {}", rule.id, noted.error().message);
  }
}

// Another collector may have taken some of the work meanwhile. Then nothing is written here, and
// the next pass judges what is left: its matches must not be told twice.
base::Result<PassReport> Evaluator::Commit(const std::vector<Judged>& judged,
                                           const std::vector<AlertWork>& work,
                                           std::int64_t now_ns) {
  PassReport report;
  bool lost = false;
  const auto written = catalog_.Write([&](SqlWriter& writer) -> base::Result<> {
    report = {};
    for (const AlertWork& one : work) {
      TAPIARY_ASSIGN(const bool ours, FinishAlertWork(writer, one.id));
      if (!ours) {
        lost = true;
        return base::MakeError(base::ErrorCode::kConflict, "another collector judged it");
      }
    }
    report.work = work.size();
    for (const Judged& one : judged) {
      TAPIARY_ASSIGN(const std::int64_t made,
                     RaiseAlerts(writer, *one.rule, one.groups, recipients_, now_ns));
      report.alerts += made;
    }
    return {};
  });
  if (lost) return PassReport{};
  if (!written) return written.error();
  return report;
}

base::Result<PassReport> Evaluator::Pass(std::int64_t now_ns) {
  TAPIARY_ASSIGN(const auto work, FindAlertWork(catalog_, run_, now_ns, kPortion));
  if (work.empty()) return PassReport{};
  TAPIARY_ASSIGN(const auto rules, ListRules(catalog_, now_ns));
  TAPIARY_ASSIGN(const auto judged, Judge(rules, work, now_ns));
  return Commit(judged, work, now_ns);
}

}  // namespace tapiary::server
