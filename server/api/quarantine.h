// GET /api/v1/events/quarantined: records that ingest could not store, newest first. Any thread.
#pragma once

#include "server/api/api.h"
#include "server/http/handler.h"

namespace tapiary::server {

// Parameters: sensor (a name), limit (1 to 1000), after (the id that the page before ended with).
Response HandleQuarantined(const ApiContext& context, const Request& request);

}  // namespace tapiary::server
