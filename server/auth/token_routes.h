// Token routes: tokens of sensors and programs for administrators, and their own API keys for
// everybody who logs in.
#pragma once

#include <vector>

#include "server/auth/login.h"
#include "server/http/handler.h"

namespace tapiary::server {

// GET and POST /api/v1/tokens; DELETE /api/v1/tokens/{id}; POST /api/v1/tokens/{id}/rotate. What
// `context` refers to must outlive the routes.
std::vector<Route> TokenRoutes(const AuthContext& context);

}  // namespace tapiary::server
