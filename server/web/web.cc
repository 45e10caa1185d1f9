#include "server/web/web.h"

#include <string>

#include "server/web/assets.h"

namespace tapiary::server {
namespace {

// data: is for the small pictures inside Bootstrap's style sheet.
constexpr const char* kContentSecurityPolicy =
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

bool AcceptsGzip(std::string_view accept_encoding) {
  const std::size_t at = accept_encoding.find("gzip");
  if (at == std::string_view::npos) return false;
  const std::string_view rest = accept_encoding.substr(at + 4);
  return !rest.starts_with(";q=0") || rest.starts_with(";q=0.");
}

Response Serve(const WebAsset& asset, const Request& request) {
  Response response;
  response.content_type = asset.content_type;
  response.headers = {
      {"ETag", std::string(asset.etag)},
      {"Cache-Control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache"},
      {"Vary", "Accept-Encoding"},
      {"Content-Security-Policy", kContentSecurityPolicy},
      {"Referrer-Policy", "no-referrer"},
      {"X-Content-Type-Options", "nosniff"},
  };
  if (request.Header("if-none-match").find(asset.etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  if (!asset.gzip.empty() && AcceptsGzip(request.Header("accept-encoding"))) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = asset.gzip;
  } else {
    response.body = asset.data;
  }
  return response;
}

}  // namespace

std::vector<Route> WebRoutes() {
  std::vector<Route> routes;
  for (const WebAsset& asset : WebAssets()) {
    routes.push_back({.method = "GET",
                      .pattern = std::string(asset.path),
                      .scope = Scope::kPublic,
                      .handler = [&asset](const Request& request, BodySource&) {
                        return Serve(asset, request);
                      }});
  }
  return routes;
}

}  // namespace tapiary::server
