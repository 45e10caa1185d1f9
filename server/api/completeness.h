// GET /api/v1/completeness: signed statements by sensor and hour (docs/completeness.md), and
// /api/v1/keys: what they are signed with.
#pragma once

#include "server/api/api.h"

namespace tapiary::server {

Response HandleCompleteness(const ApiContext& context, const Request& request);
Response HandleKeys(const ApiContext& context, const Request& request);

}  // namespace tapiary::server
