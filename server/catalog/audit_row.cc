#include "server/catalog/audit_row.h"

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::server {

base::Result<> AddClientAudit(SqlWriter& writer, std::string_view actor, std::string_view action,
                              std::string_view detail, std::string_view peer) {
  const SqlValue values[] = {base::WallNow(), base::EscapeBytes(actor), base::EscapeBytes(action),
                             base::EscapeBytes(detail), base::EscapeBytes(peer)};
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO audit (time_ns, actor, action, detail, peer) VALUES (?, ?, ?, ?, ?)", values));
  return {};
}

}  // namespace tapiary::server
