// Alert rules in the catalog. What changes them is in the audit log. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/alert/rule.h"
#include "server/catalog/audit_row.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

struct StoredRule {
  AlertRule rule;
  std::int64_t changed_ns = 0;
  std::string changed_by;
  std::string trouble;  // why it could not be judged last, or empty
  std::int64_t trouble_ns = 0;
};

// By id. A rule that this program cannot read (a field that is gone) has id, name, and `trouble`,
// and is off. Relative times in filters are counted from now_ns.
base::Result<std::vector<StoredRule>> ListRules(const Catalog& catalog,
                                                std::int64_t now_ns = base::WallNow());
// kNotFound.
base::Result<StoredRule> FindRule(const Catalog& catalog, std::int64_t id);
// The new rule's id. kExists when the name is taken, kTooLarge at kMaxRules.
base::Result<std::int64_t> CreateRule(Catalog& catalog, const AlertRule& rule, const Actor& by,
                                      std::int64_t now_ns);
// By rule.id. kNotFound, kExists.
base::Result<> ReplaceRule(Catalog& catalog, const AlertRule& rule, const Actor& by,
                           std::int64_t now_ns);
// Its alerts stay. kNotFound.
base::Result<> DeleteRule(Catalog& catalog, std::int64_t id, const Actor& by, std::int64_t now_ns);
base::Result<> NoteRuleTrouble(Catalog& catalog, std::int64_t id, const std::string& trouble,
                               std::int64_t now_ns);

// With id and state, as the API shows it.
std::string StoredRuleJson(const StoredRule& stored);

}  // namespace tapiary::server
