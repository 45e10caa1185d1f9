// Uses: when each token and session was used last, written at most once a minute each.
//
// So that a busy sensor does not cost a write per request. Memory is bounded. Any thread.
#pragma once

#include <cstdint>

#include "server/catalog/catalog.h"
#include "server/http/handler.h"

namespace tapiary::server {

// Sets last_used_ns of the identity's session, or else of its token. A failure is logged only.
void NoteUse(Catalog& catalog, const Identity& identity, std::int64_t now_ns);

}  // namespace tapiary::server
