// GET /api/v1/events/{id}/session: events, flows and transactions of one attacker session in one
// time line, with what only the wire showed and what only the honeypot logged.
#pragma once

#include "server/api/api.h"
#include "server/http/handler.h"

namespace tapiary::server {

Response HandleEventSession(const ApiContext& context, const Request& request);

}  // namespace tapiary::server
