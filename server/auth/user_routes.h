// User routes: what an administrator does with users. All of Scope::kAdmin.
#pragma once

#include <vector>

#include "server/auth/login.h"
#include "server/http/handler.h"

namespace tapiary::server {

// GET and POST /api/v1/users; GET, PATCH and DELETE /api/v1/users/{name}; POST
// /api/v1/users/{name}/password. What `context` refers to must outlive the routes.
std::vector<Route> UserRoutes(const AuthContext& context);

}  // namespace tapiary::server
