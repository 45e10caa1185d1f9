// What the catalog has about an event: its ends and time, those of its session, and the flows that
// may be its own. Every search is bounded in time of reception or in start, and in rows.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "server/api/event_clock.h"
#include "server/api/event_links.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

struct StoredEvent {
  std::int64_t id = 0;
  std::int64_t sensor_id = 0;
  std::int64_t received_ns = 0;
  std::string session{};
  std::string time_kind{};  // event, session-start, received
  std::string dataset{};
  LinkEvent ends{};
  bool port_of_session = false;
  EventClock clock{};
};

// kNotFound when there is none. With the source port of its session, where it states none itself,
// and what is known of its clock.
base::Result<StoredEvent> FindEvent(const Catalog& catalog, std::int64_t id);

struct FlowsFound {
  std::vector<LinkFlow> flows{};
  bool partial = false;  // a time limit ended a search
  bool full = false;     // more were there than are taken

  std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> known{};
};

inline constexpr std::int64_t kMaxLinkFlows = 200;

// Flows that `source` began and that were received in [from, to]; only those of `port`, or else
// those that overlap [first, last] by the sensor's clock.
struct FlowsOfSource {
  capture::IpAddress source{};
  std::optional<std::uint16_t> port{};
  std::int64_t from_ns = 0, to_ns = 0;
  std::int64_t first_ns = INT64_MIN, last_ns = INT64_MAX;
  std::int64_t limit = kMaxLinkFlows;
};
base::Result<> AddFlowsOfSource(const Catalog& catalog, const FlowsOfSource& wanted,
                                FlowsFound& found);

// Those that began in the hour before `first_ns`, or up to `last_ns`, whenever they were received.
base::Result<> AddFlowsBegun(const Catalog& catalog, const FlowsOfSource& wanted,
                             FlowsFound& found);
// Makes the ids, which have the names of sensors in them.
base::Result<> NameFlows(const Catalog& catalog, std::vector<LinkFlow>& flows);

// Where an event's flow may be: first what was received about when the event was, then what began
// about when the event says that it was, then what was received within a day.
base::Result<FlowsFound> FindFlowsOf(const Catalog& catalog, const StoredEvent& event);
base::Result<Links> LinksOf(const Catalog& catalog, const StoredEvent& event, bool* partial);

}  // namespace tapiary::server
