// An audit row of what a client did that is no search or download (those: server/audit/). Called
// inside Catalog::Write; any thread.
#pragma once

#include <string_view>

#include "server/catalog/catalog.h"

namespace tapiary::server {

// As AddAudit, with the client's address, by which administrators look for rows.
base::Result<> AddClientAudit(SqlWriter& writer, std::string_view actor, std::string_view action,
                              std::string_view detail, std::string_view peer);

}  // namespace tapiary::server
