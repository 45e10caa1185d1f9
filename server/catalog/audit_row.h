// An audit row of what somebody did that is no search or download (those: server/audit/). Called
// inside Catalog::Write; any thread.
#pragma once

#include <string>
#include <string_view>

#include "server/catalog/catalog.h"

namespace tapiary::server {

struct Actor {
  std::string name;
  std::string peer{};  // the client's address, by which administrators look for rows; "": here
};
Actor HostActor();  // who works on the host itself

base::Result<> AddAudit(SqlWriter& writer, const Actor& actor, std::string_view action,
                        std::string_view detail);

}  // namespace tapiary::server
