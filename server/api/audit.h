// GET /api/v1/audit: who did what, newest first (docs/audit.md). For administrators.
#pragma once

#include "server/api/api.h"

namespace tapiary::server {

std::vector<Route> AuditRoutes(ApiContext context);

}  // namespace tapiary::server
