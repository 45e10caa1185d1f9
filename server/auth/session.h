// Session: how a browser keeps its token, in a cookie that scripts cannot read.
//
// The cookie is bound to this host, sent over TLS only and never from another site, so a page
// elsewhere can neither use nor overwrite it. It holds the token itself: no state here, and
// revoking the token ends the session. Sensor tokens get none.
#pragma once

#include <vector>

#include "server/auth/attempts.h"
#include "server/catalog/catalog.h"
#include "server/http/handler.h"

namespace tapiary::server {

// POST, GET and DELETE /api/v1/session. Both arguments must outlive the routes.
std::vector<Route> SessionRoutes(Catalog& catalog, Attempts& attempts);

}  // namespace tapiary::server
