// Alerts: what rules found, in the catalog, each with its messages still to be sent.
//
// An alert, its group's cool-down and its outbox rows are written in one transaction, with the work
// that they came from deleted in it: after a crash all of it is there or none. Several collectors
// of one database meet at the group's row, which one of them holds until it has committed. Any
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/alert/match.h"
#include "server/alert/rule.h"
#include "server/catalog/audit_row.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

// To whom alerts of some severity go.
struct Recipient {
  std::string name;
  Severity least = Severity::kInfo;
};

// The alerts that were made; further matches of a group were added to the one that is there.
base::Result<std::int64_t> RaiseAlerts(SqlWriter& writer, const AlertRule& rule,
                                       const AlertGroups& groups,
                                       std::span<const Recipient> recipients, std::int64_t now_ns);

struct Alert {
  std::int64_t id = 0;
  std::int64_t rule_id = 0;
  std::string rule;
  std::string note;  // the rule's
  Severity severity = Severity::kInfo;
  std::string sensor;
  std::string group;  // JSON object
  std::int64_t created_ns = 0;
  std::int64_t last_ns = 0;
  std::int64_t matches = 0;
  std::optional<std::int64_t> acknowledged_ns;
  std::string acknowledged_by;
  std::string acknowledged_note;
  std::string record;  // JSON object
};

struct AlertQuery {
  std::optional<bool> acknowledged;
  Severity least = Severity::kInfo;
  std::optional<std::int64_t> rule_id;
  std::string sensor;  // empty: all
  std::int64_t below_id = INT64_MAX;
  std::int64_t above_id = 0;
  std::int64_t limit = 100;
  bool oldest_first = false;
};
// Newest first, if not asked for otherwise.
base::Result<std::vector<Alert>> ListAlerts(const Catalog& catalog, const AlertQuery& query);
// kNotFound.
base::Result<Alert> FindAlert(const Catalog& catalog, std::int64_t id);
// Only the first acknowledgement counts: kConflict for another one. kNotFound.
base::Result<> AcknowledgeAlert(Catalog& catalog, std::int64_t id, const Actor& by,
                                const std::string& note, std::int64_t now_ns);
// As the API shows it and webhooks send it.
std::string AlertJson(const Alert& alert);

// Forgets alerts from before that, their messages, and cool-downs that ended.
base::Result<> PruneAlerts(Catalog& catalog, std::int64_t before_ns, std::int64_t now_ns);

}  // namespace tapiary::server
