#include "server/catalog/audit_row.h"

#include <utility>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::server {

base::Result<> AddClientAudit(SqlWriter& writer, std::string_view actor, std::string_view action,
                              std::string_view detail, std::string_view peer) {
  SqlValue from = nullptr;
  if (!peer.empty()) from = base::EscapeBytes(peer);
  const SqlValue values[] = {base::WallNow(), base::EscapeBytes(actor), base::EscapeBytes(action),
                             base::EscapeBytes(detail), std::move(from)};
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO audit (time_ns, actor, action, detail, peer) VALUES (?, ?, ?, ?, ?)", values));
  return {};
}

}  // namespace tapiary::server
