#include "server/alert/rule_store.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

constexpr const char* kColumns =
    "SELECT id, name, enabled, changed_ns, changed_by, rule, COALESCE(trouble, ''), "
    "COALESCE(trouble_ns, 0) FROM alert_rules WHERE deleted_ns IS NULL ";

StoredRule ReadRule(const SqlRow& row, std::int64_t now_ns = base::WallNow()) {
  StoredRule stored;
  auto parsed = ParseRule(row.Text(5), nullptr, now_ns);
  if (parsed) stored.rule = std::move(*parsed);
  stored.rule.id = row.Int(0);
  stored.rule.name = row.Text(1);
  stored.rule.enabled = parsed && row.Int(2) != 0;
  stored.changed_ns = row.Int(3);
  stored.changed_by = row.Text(4);
  stored.trouble = row.Text(6);
  stored.trouble_ns = row.Int(7);
  if (!parsed) stored.trouble = "cannot be read: " + parsed.error().message;
  return stored;
}

base::Error NoRule(std::int64_t id) {
  return base::MakeError(base::ErrorCode::kNotFound, fmt::format("there is no rule {}", id));
}

base::Result<> CheckName(SqlWriter& writer, const AlertRule& rule) {
  bool taken = false;
  const SqlValue values[] = {rule.name, rule.id};
  TAPIARY_TRY(
      writer.Query("SELECT 1 FROM alert_rules WHERE name = ? AND deleted_ns IS NULL AND id <> ?",
                   values, [&taken](const SqlRow&) {
                     taken = true;
                     return true;
                   }));
  if (!taken) return {};
  return base::MakeError(base::ErrorCode::kExists, "there is a rule of this name");
}

base::Result<> CheckRoom(SqlWriter& writer) {
  std::int64_t count = 0;
  TAPIARY_TRY(writer.Query("SELECT count(*) FROM alert_rules WHERE deleted_ns IS NULL", {},
                           [&count](const SqlRow& row) {
                             count = row.Int(0);
                             return true;
                           }));
  if (count < static_cast<std::int64_t>(kMaxRules)) return {};
  return base::MakeError(base::ErrorCode::kTooLarge,
                         fmt::format("there are {} rules, which is the limit", kMaxRules));
}

base::Result<> Audit(SqlWriter& writer, const Actor& by, const char* action, std::int64_t id,
                     const std::string& name) {
  return AddAudit(writer, by, action, fmt::format("{} {}", id, name));
}

}  // namespace

base::Result<std::vector<StoredRule>> ListRules(const Catalog& catalog, std::int64_t now_ns) {
  std::vector<StoredRule> rules;
  TAPIARY_TRY(catalog.QuickQuery(std::string(kColumns) + "ORDER BY id", {}, [&](const SqlRow& row) {
    rules.push_back(ReadRule(row, now_ns));
    return true;
  }));
  return rules;
}

base::Result<StoredRule> FindRule(const Catalog& catalog, std::int64_t id) {
  std::optional<StoredRule> found;
  const SqlValue values[] = {id};
  TAPIARY_TRY(
      catalog.QuickQuery(std::string(kColumns) + "AND id = ?", values, [&found](const SqlRow& row) {
        found = ReadRule(row);
        return false;
      }));
  if (!found) return NoRule(id);
  return *std::move(found);
}

base::Result<std::int64_t> CreateRule(Catalog& catalog, const AlertRule& rule, const Actor& by,
                                      std::int64_t now_ns) {
  std::int64_t id = 0;
  const auto written = catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(CheckRoom(writer));
    TAPIARY_TRY(CheckName(writer, rule));
    const SqlValue values[] = {rule.name, std::int64_t{rule.enabled}, now_ns, by.name,
                               RuleJson(rule)};
    TAPIARY_TRY(
        writer.Query("INSERT INTO alert_rules (name, enabled, changed_ns, changed_by, "
                     "rule) VALUES (?, ?, ?, ?, ?) RETURNING id",
                     values, [&id](const SqlRow& row) {
                       id = row.Int(0);
                       return true;
                     }));
    return Audit(writer, by, "alert-rule-created", id, rule.name);
  });
  if (!written) return written.error();
  return id;
}

base::Result<> ReplaceRule(Catalog& catalog, const AlertRule& rule, const Actor& by,
                           std::int64_t now_ns) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(CheckName(writer, rule));
    const SqlValue values[] = {
        rule.name, std::int64_t{rule.enabled}, now_ns, by.name, RuleJson(rule), rule.id};
    TAPIARY_ASSIGN(const std::int64_t changed,
                   writer.Execute("UPDATE alert_rules SET name = ?, enabled = ?, changed_ns = ?, "
                                  "changed_by = ?, rule = ?, trouble = NULL, trouble_ns = NULL "
                                  "WHERE id = ? AND deleted_ns IS NULL",
                                  values));
    if (changed == 0) return NoRule(rule.id);
    // Its groups mean something else now.
    const SqlValue key[] = {rule.id};
    TAPIARY_TRY(writer.Execute("DELETE FROM alert_groups WHERE rule_id = ?", key));
    TAPIARY_TRY(writer.Execute("DELETE FROM alert_memory WHERE rule_id = ?", key));
    return Audit(writer, by, "alert-rule-changed", rule.id, rule.name);
  });
}

base::Result<> DeleteRule(Catalog& catalog, std::int64_t id, const Actor& by, std::int64_t now_ns) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    std::string name;
    const SqlValue values[] = {now_ns, now_ns, by.name, id};
    TAPIARY_TRY(
        writer.Query("UPDATE alert_rules SET deleted_ns = ?, enabled = 0, changed_ns = ?, "
                     "changed_by = ? WHERE id = ? AND deleted_ns IS NULL RETURNING name",
                     values, [&name](const SqlRow& row) {
                       name = row.Text(0);
                       return true;
                     }));
    if (name.empty()) return NoRule(id);
    const SqlValue key[] = {id};
    TAPIARY_TRY(writer.Execute("DELETE FROM alert_groups WHERE rule_id = ?", key));
    TAPIARY_TRY(writer.Execute("DELETE FROM alert_memory WHERE rule_id = ?", key));
    return Audit(writer, by, "alert-rule-deleted", id, name);
  });
}

base::Result<> NoteRuleTrouble(Catalog& catalog, std::int64_t id, const std::string& trouble,
                               std::int64_t now_ns) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    const SqlValue values[] = {base::EscapeBytes(trouble), now_ns, id};
    TAPIARY_TRY(
        writer.Execute("UPDATE alert_rules SET trouble = ?, trouble_ns = ? WHERE id = ?", values));
    return {};
  });
}

std::string StoredRuleJson(const StoredRule& stored) {
  using Json = nlohmann::ordered_json;
  Json json = {{"id", stored.rule.id}};
  json.update(Json::parse(RuleJson(stored.rule), nullptr, false));
  json["changed"] = base::FormatTime(stored.changed_ns);
  json["changed_by"] = base::EscapeBytes(stored.changed_by);
  json["trouble"] = nullptr;
  if (!stored.trouble.empty()) {
    json["trouble"] = {
        {"text", base::EscapeBytes(stored.trouble)},
        {"time",
         stored.trouble_ns == 0 ? Json(nullptr) : Json(base::FormatTime(stored.trouble_ns))}};
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tapiary::server
