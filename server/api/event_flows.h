// GET /api/v1/events/{id}/flows: the flows that an event belongs to, and how sure that is.
#pragma once

#include "server/api/api.h"
#include "server/http/handler.h"

namespace tapiary::server {

Response HandleEventFlows(const ApiContext& context, const Request& request);

}  // namespace tapiary::server
