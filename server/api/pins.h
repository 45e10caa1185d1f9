// GET, POST and DELETE /api/v1/pins: legal hold over stored data (server/evidence/pins.h).
#pragma once

#include <vector>

#include "server/api/api.h"
#include "server/http/handler.h"

namespace tapiary::server {

// POST takes {"flow": ID, "note"} or {"sensor", "from", "to", "note"}.
std::vector<Route> PinRoutes(ApiContext context);

}  // namespace tapiary::server
