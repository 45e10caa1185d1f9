#include <fmt/core.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "server/audit/access_log.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kRowsAtATime = 5'000;
// By which a catalog knows its objects in the vault (server/ingest/sweeper.h).
constexpr const char* kKept = "catalog-tag";

base::Result<std::vector<std::string>> Actions(const Catalog& catalog) {
  std::vector<std::string> actions;
  TAPIARY_TRY(catalog.Query("SELECT DISTINCT action FROM audit", {}, [&actions](const SqlRow& row) {
    if (row.Text(0) != kKept) actions.emplace_back(row.Text(0));
    return true;
  }));
  return actions;
}

// The newest row that is one too many, 0 when there is none.
base::Result<std::int64_t> Surplus(const Catalog& catalog, const std::string& action,
                                   std::int64_t keep) {
  std::int64_t id = 0;
  const std::vector<SqlValue> values{action, keep};
  TAPIARY_TRY(
      catalog.Query("SELECT id FROM audit WHERE action = ? ORDER BY id DESC LIMIT 1 OFFSET ?",
                    values, [&id](const SqlRow& row) {
                      id = row.Int(0);
                      return false;
                    }));
  return id;
}

base::Result<std::int64_t> Remove(Catalog& catalog, std::string_view where,
                                  const std::vector<SqlValue>& values, std::string_view order) {
  std::int64_t all = 0;
  for (std::int64_t removed = kRowsAtATime; removed == kRowsAtATime;) {
    const auto work = [&](SqlWriter& writer) -> base::Result<> {
      removed = 0;
      return writer.DeleteSome({"audit", where, values, order, kRowsAtATime, "id"},
                               [&removed](const SqlRow&) {
                                 ++removed;
                                 return true;
                               });
    };
    TAPIARY_TRY(catalog.Write(work));
    all += removed;
  }
  return all;
}

}  // namespace

base::Result<std::int64_t> TrimAudit(Catalog& catalog, const AccessLogOptions& options,
                                     std::int64_t now_ns) {
  TAPIARY_ASSIGN(std::int64_t removed,
                 Remove(catalog, "r.time_ns < ? AND r.action <> ?",
                        {now_ns - options.keep_ns, std::string(kKept)}, "r.time_ns"));
  TAPIARY_ASSIGN(const std::vector<std::string> actions, Actions(catalog));
  for (const std::string& action : actions) {
    TAPIARY_ASSIGN(const std::int64_t last, Surplus(catalog, action, options.keep_rows));
    if (last == 0) continue;
    TAPIARY_ASSIGN(const std::int64_t more,
                   Remove(catalog, "r.action = ? AND r.id <= ?", {action, last}, "r.id"));
    removed += more;
  }
  if (removed == 0) return removed;
  TAPIARY_TRY(catalog.Write([removed](SqlWriter& writer) {
    return AddAudit(writer, "collector", "audit-trimmed", fmt::format("{} rows", removed));
  }));
  return removed;
}

}  // namespace tapiary::server
