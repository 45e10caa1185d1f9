// OpenAPI 3.1 document of the whole HTTP interface: server/api/openapi.json, embedded at build
// time.
//
// The file is written by hand and is the contract; tests/server/openapi_test.cc holds it against
// the collector's routes and tests/integration/openapi_test.sh against the running server.
#pragma once

#include <string_view>
#include <vector>

#include "server/http/handler.h"

namespace tapiary::server {

std::string_view OpenApiDocument();

// GET /api/v1/openapi.json, for everybody: it holds nothing secret.
std::vector<Route> OpenApiRoutes();

}  // namespace tapiary::server
