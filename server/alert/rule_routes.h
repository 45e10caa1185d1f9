// The API of alert rules: list, create, change, delete, and try before saving. Any thread.
#pragma once

#include <vector>

#include "server/catalog/catalog.h"
#include "server/http/handler.h"

namespace tapiary::server {

// The catalog must outlive the routes.
std::vector<Route> RuleRoutes(Catalog& catalog);

}  // namespace tapiary::server
