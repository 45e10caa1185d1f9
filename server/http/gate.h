// Gate: what is decided about a request before its body is read: which route, who calls, whether
// the body may come. Knows no sockets; any thread.
#pragma once

#include <memory>
#include <optional>

#include "server/http/router.h"
#include "server/http/server.h"

namespace tapiary::server {

struct Admission {
  const Route* route = nullptr;     // set when admitted
  std::optional<Response> refusal;  // set when not
  std::shared_ptr<void> hold;       // kept until the answer is there
};

// `request` has method, path, headers, peer and content_length; path_params and identity are filled
// in, and peer becomes the client's address where a trusted proxy says it. `chunked`: the body's
// length is not announced.
Admission Admit(const Router& router, const Authenticator& authenticate,
                const TrustedProxies& proxies, bool chunked, Request& request);

// Headers that every answer carries.
void AddSecurityHeaders(bool tls, Response& response);

}  // namespace tapiary::server
