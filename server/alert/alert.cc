#include "server/alert/alert.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

struct GroupState {
  std::int64_t alert_id = 0;
  std::int64_t until_ns = 0;
};

// One rule's groups, inside one transaction.
class Raiser {
 public:
  Raiser(SqlWriter& writer, const AlertRule& rule, std::span<const Recipient> recipients,
         std::int64_t now_ns)
      : writer_(writer), rule_(rule), recipients_(recipients), now_ns_(now_ns) {}

  base::Result<std::int64_t> Run(const AlertGroups& groups) {
    TAPIARY_TRY(CountBudget());
    for (const auto& [key, match] : groups) TAPIARY_TRY(Group(key, match));
    // The last one, so that all collectors take the groups' rows in the same order.
    if (rest_.matches > 0) TAPIARY_TRY(Overflow());
    return made_;
  }

 private:
  base::Result<> CountBudget() {
    const SqlValue values[] = {rule_.id, now_ns_ - base::kNanosPerHour};
    return writer_.Query("SELECT count(*) FROM alerts WHERE rule_id = ? AND created_ns > ?", values,
                         [this](const SqlRow& row) {
                           budget_ = rule_.max_per_hour - row.Int(0);
                           return false;
                         });
  }

  base::Result<> Group(const std::string& key, const AlertMatch& match) {
    TAPIARY_ASSIGN(const GroupState state, budget_ > 0 ? Hold(key) : Look(key));
    if (state.until_ns > now_ns_) {
      TAPIARY_ASSIGN(const bool added, AddTo(state.alert_id, match.matches));
      if (added) return {};
    }
    if (budget_ > 0) return Make(key, match, rule_.cooldown_ns);
    if (rest_.rows.empty()) {
      rest_.rows = match.rows;
      rest_.sensor = match.sensor;
    }
    rest_.matches += match.matches;
    return {};
  }

  base::Result<> Overflow() {
    TAPIARY_ASSIGN(const GroupState state, Hold(kManyGroups));
    if (state.until_ns > now_ns_) {
      TAPIARY_ASSIGN(const bool added, AddTo(state.alert_id, rest_.matches));
      if (added) return {};
    }
    return Make(kManyGroups, rest_, base::kNanosPerHour);
  }

  // The group's row is ours until the transaction ends.
  base::Result<GroupState> Hold(const std::string& key) {
    GroupState state;
    const SqlValue values[] = {rule_.id, key};
    TAPIARY_TRY(writer_.Query(
        "INSERT INTO alert_groups (rule_id, group_key, alert_id, until_ns) VALUES (?, ?, 0, 0) "
        "ON CONFLICT (rule_id, group_key) DO UPDATE SET alert_id = alert_groups.alert_id "
        "RETURNING alert_id, until_ns",
        values, Reader(&state)));
    return state;
  }
  base::Result<GroupState> Look(const std::string& key) {
    GroupState state;
    const SqlValue values[] = {rule_.id, key};
    TAPIARY_TRY(writer_.Query(
        "SELECT alert_id, until_ns FROM alert_groups WHERE rule_id = ? AND group_key = ?", values,
        Reader(&state)));
    return state;
  }
  static RowVisitor Reader(GroupState* state) {
    return [state](const SqlRow& row) {
      *state = {row.Int(0), row.Int(1)};
      return true;
    };
  }

  base::Result<bool> AddTo(std::int64_t alert_id, std::int64_t matches) {
    const SqlValue values[] = {matches, now_ns_, alert_id};
    TAPIARY_ASSIGN(
        const std::int64_t changed,
        writer_.Execute("UPDATE alerts SET matches = matches + ?, last_ns = ? WHERE id = ?",
                        values));
    return changed == 1;
  }

  // A record that has an alert of this rule already makes no other one.
  base::Result<> Make(const std::string& key, const AlertMatch& match, std::int64_t cooldown_ns) {
    for (const AlertRow& row : match.rows) {
      TAPIARY_ASSIGN(const std::int64_t id, Insert(key, match, row));
      if (id == 0) continue;
      ++made_;
      --budget_;
      const SqlValue values[] = {id, now_ns_ + cooldown_ns, rule_.id, key};
      TAPIARY_TRY(
          writer_.Execute("UPDATE alert_groups SET alert_id = ?, until_ns = ? "
                          "WHERE rule_id = ? AND group_key = ?",
                          values));
      return Post(id);
    }
    const SqlValue values[] = {match.matches, now_ns_, rule_.id, match.rows.front().row_key};
    TAPIARY_TRY(
        writer_.Execute("UPDATE alerts SET matches = matches + ?, last_ns = ? "
                        "WHERE rule_id = ? AND row_key = ?",
                        values));
    return {};
  }

  base::Result<std::int64_t> Insert(const std::string& key, const AlertMatch& match,
                                    const AlertRow& row) {
    std::int64_t id = 0;
    const SqlValue values[] = {rule_.id,    rule_.name, static_cast<std::int64_t>(rule_.severity),
                               row.row_key, key,        match.sensor,
                               now_ns_,     now_ns_,    match.matches,
                               row.record};
    TAPIARY_TRY(
        writer_.Query("INSERT INTO alerts (rule_id, rule, severity, row_key, group_key, sensor, "
                      "created_ns, last_ns, matches, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                      "ON CONFLICT (rule_id, row_key) DO NOTHING RETURNING id",
                      values, [&id](const SqlRow& added) {
                        id = added.Int(0);
                        return true;
                      }));
    return id;
  }

  base::Result<> Post(std::int64_t alert_id) {
    for (const Recipient& recipient : recipients_) {
      const bool named = rule_.targets.empty() ||
                         std::ranges::find(rule_.targets, recipient.name) != rule_.targets.end();
      if (!named || rule_.severity < recipient.least) continue;
      const SqlValue values[] = {alert_id, recipient.name, now_ns_, now_ns_};
      TAPIARY_TRY(
          writer_.Execute("INSERT INTO alert_outbox (alert_id, target, state, attempts, due_ns, "
                          "lease_ns, changed_ns, trouble) VALUES (?, ?, 'waiting', 0, ?, 0, ?, '') "
                          "ON CONFLICT (alert_id, target) DO NOTHING",
                          values));
    }
    return {};
  }

  SqlWriter& writer_;
  const AlertRule& rule_;
  const std::span<const Recipient> recipients_;
  const std::int64_t now_ns_;
  std::int64_t budget_ = 0;
  std::int64_t made_ = 0;
  AlertMatch rest_;  // of groups beyond the budget
};

constexpr const char* kColumns =
    "SELECT a.id, a.rule_id, a.rule, a.severity, a.sensor, a.group_key, a.created_ns, a.last_ns, "
    "a.matches, a.acknowledged_ns, COALESCE(a.acknowledged_by, ''), "
    "COALESCE(a.acknowledged_note, ''), a.record, COALESCE(r.rule, '') "
    "FROM alerts a LEFT JOIN alert_rules r ON r.id = a.rule_id ";

Alert ReadAlert(const SqlRow& row) {
  Alert alert;
  alert.id = row.Int(0);
  alert.rule_id = row.Int(1);
  alert.rule = row.Text(2);
  alert.severity = static_cast<Severity>(
      std::clamp<std::int64_t>(row.Int(3), 0, static_cast<std::int64_t>(Severity::kCritical)));
  alert.sensor = row.Text(4);
  alert.group = row.Text(5);
  alert.created_ns = row.Int(6);
  alert.last_ns = row.Int(7);
  alert.matches = row.Int(8);
  if (!row.IsNull(9)) alert.acknowledged_ns = row.Int(9);
  alert.acknowledged_by = row.Text(10);
  alert.acknowledged_note = row.Text(11);
  alert.record = row.Text(12);
  const Json rule = Json::parse(row.Text(13), nullptr, false);
  if (rule.is_object()) alert.note = rule.value("note", "");
  return alert;
}

Json ObjectOf(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json::object();
}

}  // namespace

base::Result<std::int64_t> RaiseAlerts(SqlWriter& writer, const AlertRule& rule,
                                       const AlertGroups& groups,
                                       std::span<const Recipient> recipients, std::int64_t now_ns) {
  if (groups.empty()) return std::int64_t{0};
  return Raiser(writer, rule, recipients, now_ns).Run(groups);
}

base::Result<std::vector<Alert>> ListAlerts(const Catalog& catalog, const AlertQuery& query) {
  std::string sql = kColumns;
  std::vector<SqlValue> values{query.below_id, query.above_id,
                               static_cast<std::int64_t>(query.least)};
  sql += "WHERE a.id < ? AND a.id > ? AND a.severity >= ?";
  if (query.acknowledged) {
    sql += *query.acknowledged ? " AND a.acknowledged_ns IS NOT NULL"
                               : " AND a.acknowledged_ns IS NULL";
  }
  if (query.rule_id) {
    sql += " AND a.rule_id = ?";
    values.emplace_back(*query.rule_id);
  }
  if (!query.sensor.empty()) {
    sql += " AND a.sensor = ?";
    values.emplace_back(query.sensor);
  }
  sql += query.oldest_first ? " ORDER BY a.id LIMIT ?" : " ORDER BY a.id DESC LIMIT ?";
  values.emplace_back(query.limit);
  std::vector<Alert> alerts;
  TAPIARY_TRY(catalog.Query(sql, values, [&alerts](const SqlRow& row) {
    alerts.push_back(ReadAlert(row));
    return true;
  }));
  return alerts;
}

base::Result<Alert> FindAlert(const Catalog& catalog, std::int64_t id) {
  std::optional<Alert> found;
  const SqlValue values[] = {id};
  TAPIARY_TRY(catalog.QuickQuery(std::string(kColumns) + "WHERE a.id = ?", values,
                                 [&found](const SqlRow& row) {
                                   found = ReadAlert(row);
                                   return false;
                                 }));
  if (found) return *std::move(found);
  return base::MakeError(base::ErrorCode::kNotFound, fmt::format("there is no alert {}", id));
}

base::Result<> AcknowledgeAlert(Catalog& catalog, std::int64_t id, const Actor& by,
                                const std::string& note, std::int64_t now_ns) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    const SqlValue values[] = {now_ns, by.name, note, id};
    TAPIARY_ASSIGN(const std::int64_t changed,
                   writer.Execute("UPDATE alerts SET acknowledged_ns = ?, acknowledged_by = ?, "
                                  "acknowledged_note = ? WHERE id = ? AND acknowledged_ns IS NULL",
                                  values));
    if (changed == 1) return AddAudit(writer, by, "alert-acknowledged", std::to_string(id));
    bool there = false;
    const SqlValue key[] = {id};
    TAPIARY_TRY(writer.Query("SELECT 1 FROM alerts WHERE id = ?", key, [&there](const SqlRow&) {
      there = true;
      return true;
    }));
    if (there) return base::MakeError(base::ErrorCode::kConflict, "it is acknowledged already");
    return base::MakeError(base::ErrorCode::kNotFound, fmt::format("there is no alert {}", id));
  });
}

std::string AlertJson(const Alert& alert) {
  Json json = {{"id", alert.id},
               {"rule", {{"id", alert.rule_id}, {"name", alert.rule}}},
               {"severity", ToString(alert.severity)},
               {"state", alert.acknowledged_ns ? "acknowledged" : "open"},
               {"sensor", alert.sensor},
               {"created", base::FormatTime(alert.created_ns)},
               {"last", base::FormatTime(alert.last_ns)},
               {"matches", alert.matches},
               {"group", ObjectOf(alert.group)},
               {"note", alert.note},
               {"match", ObjectOf(alert.record)}};
  if (alert.acknowledged_ns) {
    json["acknowledged"] = {{"time", base::FormatTime(*alert.acknowledged_ns)},
                            {"by", base::EscapeBytes(alert.acknowledged_by)},
                            {"note", alert.acknowledged_note}};
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

base::Result<> PruneAlerts(Catalog& catalog, std::int64_t before_ns, std::int64_t now_ns) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    const SqlValue before[] = {before_ns};
    TAPIARY_TRY(writer.Execute(
        "DELETE FROM alert_outbox WHERE alert_id IN (SELECT id FROM alerts WHERE created_ns < ?)",
        before));
    TAPIARY_TRY(writer.Execute("DELETE FROM alerts WHERE created_ns < ?", before));
    const SqlValue ended[] = {now_ns - base::kNanosPerHour};
    TAPIARY_TRY(writer.Execute("DELETE FROM alert_groups WHERE until_ns < ?", ended));
    return {};
  });
}

}  // namespace tapiary::server
