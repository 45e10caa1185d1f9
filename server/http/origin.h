// Origin: whether a request that carries a cookie comes from the collector's own page. The defence
// against other sites that make a browser send requests (CSRF).
//
// Browsers say where a request comes from: Sec-Fetch-Site (Fetch Metadata, W3C), or Origin (RFC
// 6454) where they are older. A page cannot set either. Any thread.
#pragma once

#include <string_view>

#include "server/http/handler.h"

namespace tapiary::server {

inline constexpr std::string_view kSessionCookie = "__Host-tapiary";

// True when the browser says that the request is from the page of this very host and port. A
// request that says nothing is not from it.
bool IsFromOwnPage(const Request& request);
// The same, and true too for what people type or programs send: for requests that change nothing.
bool MayRead(const Request& request);
// True when the browser says that it is from another site; for logging in, where there is no
// cookie yet and programs may call.
bool IsFromElsewhere(const Request& request);

}  // namespace tapiary::server
