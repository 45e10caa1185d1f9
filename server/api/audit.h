// GET /api/v1/audit: who did what, newest first (docs/audit.md). For administrators.
#pragma once

#include <string>
#include <vector>

#include "server/api/api.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

std::vector<Route> AuditRoutes(ApiContext context);

// Columns of a row of `audit a`, and a row of them as JSON.
extern const char* const kAuditColumns;
std::string AuditRowJson(const SqlRow& row);

}  // namespace tapiary::server
