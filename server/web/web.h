// The web page: the built files of server/web/app, kept in the program itself.
//
// The page has no rights of its own: it uses the read API with the session cookie. Answers carry a
// content security policy that allows no inline script and nothing from elsewhere (CO-01).
#pragma once

#include <vector>

#include "server/http/handler.h"

namespace tapiary::server {

// GET / and its assets, Scope::kPublic. Empty when built with TAPIARY_WEB=OFF.
std::vector<Route> WebRoutes();

}  // namespace tapiary::server
