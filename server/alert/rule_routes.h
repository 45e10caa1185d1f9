// The API of alert rules: list, create, change, delete, and try before saving. Any thread.
#pragma once

#include <string>
#include <vector>

#include "server/catalog/catalog.h"
#include "server/http/handler.h"

namespace tapiary::server {

// `targets` are the names of those that the configuration has: a rule for another is refused. The
// catalog must outlive the routes.
std::vector<Route> RuleRoutes(Catalog& catalog, std::vector<std::string> targets);

}  // namespace tapiary::server
