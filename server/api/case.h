// GET /api/v1/case: everything about what a filter finds, as one archive that can be checked
// without the collector (docs/formats/case.md). For analysts.
#pragma once

#include "server/api/api.h"

namespace tapiary::server {

Response HandleCase(const ApiContext& context, const Request& request);

}  // namespace tapiary::server
