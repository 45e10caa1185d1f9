// Who asks, for the audit's rows: name and address.
#pragma once

#include "server/catalog/audit_row.h"
#include "server/http/handler.h"

namespace tapiary::server {

inline Actor ActorOf(const Request& request) {
  return {ActorOf(request.identity), request.peer};
}

}  // namespace tapiary::server
