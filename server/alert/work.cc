#include "server/alert/work.h"

#include <sys/random.h>

#include "base/clock.h"

namespace tapiary::server {

std::int64_t CollectorRun() {
  static const std::int64_t run = [] {
    std::uint64_t random = 0;
    if (::getrandom(&random, sizeof random, 0) != sizeof random) {
      random = static_cast<std::uint64_t>(base::WallNow());
    }
    return static_cast<std::int64_t>(random >> 1);
  }();
  return run;
}

base::Result<> AddAlertWork(SqlWriter& writer, std::string_view kind, std::int64_t received_ns) {
  const bool records = kind == "flows" || kind == "facts" || kind == "pcap" || kind == "events";
  if (!records) return {};
  const SqlValue values[] = {CollectorRun(), std::string(kind), received_ns};
  TAPIARY_TRY(
      writer.Execute("INSERT INTO alert_work (run, kind, received_ns) SELECT ?, ?, ? "
                     "WHERE EXISTS (SELECT 1 FROM alert_rules WHERE enabled = 1)",
                     values));
  return {};
}

base::Result<std::vector<AlertWork>> FindAlertWork(const Catalog& catalog, std::int64_t run,
                                                   std::int64_t now_ns, std::size_t limit) {
  std::vector<AlertWork> found;
  const SqlValue values[] = {run, now_ns - kOrphanWorkNs, static_cast<std::int64_t>(limit)};
  TAPIARY_TRY(catalog.QuickQuery(
      "SELECT id, kind, received_ns FROM alert_work WHERE run = ? OR received_ns < ? "
      "ORDER BY id LIMIT ?",
      values, [&found](const SqlRow& row) {
        found.push_back({row.Int(0), std::string(row.Text(1)), row.Int(2)});
        return true;
      }));
  return found;
}

base::Result<bool> FinishAlertWork(SqlWriter& writer, std::int64_t id) {
  const SqlValue values[] = {id};
  TAPIARY_ASSIGN(const std::int64_t changed,
                 writer.Execute("DELETE FROM alert_work WHERE id = ?", values));
  return changed == 1;
}

}  // namespace tapiary::server
