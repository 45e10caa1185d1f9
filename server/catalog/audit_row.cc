#include "server/catalog/audit_row.h"

#include <utility>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::server {

Actor HostActor() {
  return {"operator"};
}

base::Result<> AddAudit(SqlWriter& writer, const Actor& actor, std::string_view action,
                        std::string_view detail) {
  SqlValue from = nullptr;
  if (!actor.peer.empty()) from = base::EscapeBytes(actor.peer);
  const SqlValue values[] = {base::WallNow(), base::EscapeBytes(actor.name),
                             base::EscapeBytes(action), base::EscapeBytes(detail), std::move(from)};
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO audit (time_ns, actor, action, detail, peer) VALUES (?, ?, ?, ?, ?)", values));
  return {};
}

}  // namespace tapiary::server
