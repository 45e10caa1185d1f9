// GET and POST /api/v1/sensors/{id}/keys: which keys a sensor's evidence may be signed with.
#pragma once

#include <vector>

#include "server/api/api.h"
#include "server/http/handler.h"

namespace tapiary::server {

// POST takes {"key": HEX, "state": "trusted" or "refused"}.
std::vector<Route> SensorKeyRoutes(ApiContext context);

}  // namespace tapiary::server
