// GET /api/v1/events/sessions: attacker sessions of all honeypots, the latest activity first.
//
// A session is what /events/{id}/session shows of one of its events: one sensor, source and session
// id within a day, or, without an id, events that follow one another within 30 minutes. Its counts
// are of the time window that was asked for. Any thread.
#pragma once

#include "server/api/api.h"
#include "server/http/handler.h"

namespace tapiary::server {

// The newest events of the window that are looked at; more are said.
inline constexpr std::int64_t kMaxSessionsEvents = 200'000;
// Rows of a page whose sessions are joined with the wire.
inline constexpr std::int64_t kMaxSessionsWire = 25;

Response HandleEventSessions(const ApiContext& context, const Request& request);

}  // namespace tapiary::server
