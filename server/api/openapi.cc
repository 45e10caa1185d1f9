#include "server/api/openapi.h"

#include <string>

namespace tapiary::server {

std::vector<Route> OpenApiRoutes() {
  std::vector<Route> routes;
  routes.push_back({.method = "GET",
                    .pattern = "/api/v1/openapi.json",
                    .scope = Scope::kPublic,
                    .handler = [](const Request&, BodySource&) {
                      return JsonResponse(200, std::string(OpenApiDocument()));
                    }});
  return routes;
}

}  // namespace tapiary::server
