#include "server/http/origin.h"

#include <algorithm>
#include <string>

namespace tapiary::server {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return lower;
}

// "https://host[:port]" without the port that goes without saying. Cookies are sent over TLS only,
// so what the browser shows as our address begins with https also behind a proxy.
std::string OriginOf(std::string_view host) {
  std::string origin = "https://" + Lower(host);
  if (origin.ends_with(":443")) origin.resize(origin.size() - 4);
  return origin;
}

bool SameOrigin(const Request& request) {
  const std::string_view host = request.Header("host");
  return !host.empty() && Lower(request.Header("origin")) == OriginOf(host);
}

}  // namespace

bool IsFromOwnPage(const Request& request) {
  const std::string_view site = request.Header("sec-fetch-site");
  if (!site.empty()) return site == "same-origin";
  return SameOrigin(request);
}

bool MayRead(const Request& request) {
  const std::string_view site = request.Header("sec-fetch-site");
  if (!site.empty()) return site == "same-origin" || site == "none";
  return request.Header("origin").empty() || SameOrigin(request);
}

bool IsFromElsewhere(const Request& request) {
  return !MayRead(request);
}

}  // namespace tapiary::server
