// Audited: a route whose use is in the audit. Handlers know nothing of it.
//
// What a download's answer streams is sent only when its row is durable; when it cannot be written
// the answer is 503. Everything else is noted after the answer is made.
#pragma once

#include <string_view>

#include "server/audit/access_log.h"
#include "server/http/handler.h"

namespace tapiary::server {

enum class AccessKind : std::uint8_t {
  kNone,      // says nothing of what was captured: not in the audit
  kSearch,    // a list, its sums and groups
  kView,      // one thing, its packets among them
  kDownload,  // packets as a file
};

// `log` must outlive the route; without one the route stays as it is.
Route Audited(Route route, AccessKind kind, AccessLog* log);

// "/api/v1/flows?filter=...&last=24h": as asked for, readable, and good to ask again; without the
// parameters in `leave_out` (space-separated).
std::string AskedFor(const Request& request, std::string_view leave_out = {});

}  // namespace tapiary::server
