// Loads an attacker session: the events that belong with one, the flows of its source about then,
// and their transactions. All bounded; what was too much is said. Any thread.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "server/api/event_search.h"
#include "server/api/event_timeline.h"
#include "server/api/items.h"

namespace tapiary::server {

// Events without a session id are one session until nothing came for this long.
inline constexpr std::int64_t kSessionGapNs = 30 * base::kNanosPerMinute;
inline constexpr std::int64_t kMaxSessionEvents = 1000;
inline constexpr std::int64_t kMaxSessionFlows = 300;
inline constexpr std::int64_t kMaxSessionTransactions = 2000;

struct EventSession {
  std::string sensor{};
  std::string id{};  // the honeypot's, or ""
  capture::IpAddress source{};
  capture::IpAddress wire_source{};  // another one behind a translation (HP-03)
  std::string clock_by{};            // what moved the search: session, honeypot, or ""
  std::int64_t clock_ns = 0;
  EventClock clock{};
  std::vector<StoredItem> items{};  // as timeline.events, for ItemJson
  Timeline timeline{};              // joined
  bool partial = false;             // a time limit ended a search
  bool truncated = false;           // one of the limits above was reached
};

// The session that the event is in. kNotFound when there is no such event.
base::Result<EventSession> LoadSession(const Catalog& catalog, std::int64_t event_id);

}  // namespace tapiary::server
