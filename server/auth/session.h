// Session: the routes by which a person logs in and out and sees their sessions.
//
// The cookie is bound to this host, sent over TLS only, never shown to scripts and never sent from
// another site. What it holds is in sessions.h. Sensor tokens get none.
#pragma once

#include <vector>

#include "server/auth/login.h"
#include "server/http/handler.h"

namespace tapiary::server {

// POST, GET and DELETE /api/v1/session; GET /api/v1/sessions, DELETE /api/v1/sessions/{id}; POST
// /api/v1/users/me/password. What `context` refers to must outlive the routes.
std::vector<Route> SessionRoutes(const AuthContext& context);

}  // namespace tapiary::server
