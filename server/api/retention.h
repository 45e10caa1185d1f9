// GET /api/v1/retention: what is stored of each sensor and kind, since when all of it is there, and
// what retention removed. Any thread.
#pragma once

#include "server/api/api.h"
#include "server/http/handler.h"

namespace tapiary::server {

// Parameters: sensor (a name), limit (1 to 1000 sensors), after (the id that the page before ended
// with).
Response HandleRetention(const ApiContext& context, const Request& request);

}  // namespace tapiary::server
