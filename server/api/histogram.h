// GET /api/v1/flows/histogram: traffic and commands over time, for the page's plot.
#pragma once

#include "server/api/api.h"

namespace tapiary::server {

Response HandleHistogram(const ApiContext& context, const Request& request);

}  // namespace tapiary::server
