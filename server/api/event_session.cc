#include "server/api/event_session.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/event_rows.h"
#include "server/api/select.h"

namespace tapiary::server {
namespace {

// Of events without a session id, those of the source that follow one another.
void CutAtGaps(std::int64_t time_ns, std::vector<SessionEvent>& events) {
  std::ranges::sort(events, {}, &SessionEvent::Order);
  auto first = std::ranges::lower_bound(events, time_ns, {}, &SessionEvent::Time);
  auto last = first;
  while (first != events.begin() && first != events.end() &&
         TimeMinus(first->Time(), std::prev(first)->Time()) <= kSessionGapNs) {
    --first;
  }
  while (last != events.end() && std::next(last) != events.end() &&
         TimeMinus(std::next(last)->Time(), last->Time()) <= kSessionGapNs) {
    ++last;
  }
  if (last != events.end()) events.erase(std::next(last), events.end());
  events.erase(events.begin(), first);
}

base::Result<std::vector<SessionEvent>> LoadEvents(const Catalog& catalog, const StoredEvent& seed,
                                                   EventSession& session) {
  EventsWanted wanted{seed.id,           seed.sensor_id,   seed.session, seed.ends.source_ip,
                      seed.ends.time_ns, kMaxSessionEvents};
  TAPIARY_ASSIGN(EventRows rows, LoadEventRows(catalog, wanted));
  session.partial |= rows.partial;
  session.truncated |= rows.full;
  if (seed.session.empty()) CutAtGaps(seed.ends.time_ns, rows.events);
  return std::move(rows.events);
}

// The clock of a session is best told by its own beginning; else it is the honeypot's.
base::Result<> SetClock(const Catalog& catalog, const StoredEvent& seed,
                        const std::vector<SessionEvent>& events, EventSession& session) {
  session.wire_source = seed.ends.source_ip;
  session.clock = seed.clock;
  if (seed.clock.Known()) {
    session.clock_by = "honeypot";
    session.clock_ns = seed.clock.offset_ns;
  }
  const auto with_port = [](const SessionEvent& event) {
    return event.line.ends.source_port.has_value() && event.time_kind != "received";
  };
  const auto first = std::ranges::find_if(events, with_port);
  if (first == events.end()) return {};
  TAPIARY_ASSIGN(const StoredEvent start, FindEvent(catalog, first->line.id));
  TAPIARY_ASSIGN(const Links links, LinksOf(catalog, start, &session.partial));
  if (links.state != LinkState::kLinked && links.state != LinkState::kLikely) return {};
  const LinkFlow& flow = links.flows.front();
  session.wire_source = flow.orig_ip;
  if (first->line.action == "connect" || first->time_kind == "session-start") {
    session.clock_by = "session";
    session.clock_ns = TimeMinus(start.ends.time_ns, flow.start_ns);
  } else if (!seed.clock.Known() && std::abs(flow.offset_ns) > start.ends.slack_ns) {
    session.clock_by = "session";
    session.clock_ns = flow.offset_ns;
  }
  return {};
}

// A session's events share the port that one of them states.
void SharePort(std::vector<SessionEvent>& events) {
  const SessionEvent* known = nullptr;
  for (const SessionEvent& event : events) {
    if (event.line.ends.source_port && known == nullptr) known = &event;
  }
  if (known == nullptr) return;
  const LinkEvent ends = known->line.ends;
  for (SessionEvent& event : events) {
    LinkEvent& own = event.line.ends;
    if (own.source_port) continue;
    own.source_port = ends.source_port;
    if (!own.destination_port) own.destination_port = ends.destination_port;
    if (own.destination_ip.version == 0) own.destination_ip = ends.destination_ip;
  }
}

base::Result<> LoadFlows(const Catalog& catalog, const std::vector<SessionEvent>& events,
                         EventSession& session) {
  FlowsOfSource wanted{.source = session.wire_source};
  if (wanted.source.version == 0 || events.empty()) return {};
  wanted.limit = kMaxSessionFlows;
  wanted.from_ns = INT64_MAX;
  std::int64_t first_ns = INT64_MAX;
  std::int64_t last_ns = INT64_MIN;
  std::int64_t slack_ns = 0;
  for (const SessionEvent& event : events) {
    wanted.from_ns = std::min(wanted.from_ns, event.received_ns);
    wanted.to_ns = std::max(wanted.to_ns, event.received_ns);
    first_ns = std::min(first_ns, event.line.ends.WireTime());
    last_ns = std::max(last_ns, event.line.ends.WireTime());
    slack_ns = std::max(slack_ns, event.line.ends.slack_ns);
  }
  wanted.from_ns -= 10 * base::kNanosPerMinute;
  wanted.to_ns += 60 * base::kNanosPerMinute;
  wanted.first_ns = TimeMinus(first_ns, slack_ns);
  wanted.last_ns = TimeMinus(last_ns, -slack_ns);
  FlowsFound found;
  TAPIARY_TRY(AddFlowsOfSource(catalog, wanted, found));
  if (found.flows.empty()) TAPIARY_TRY(AddFlowsBegun(catalog, wanted, found));
  TAPIARY_TRY(NameFlows(catalog, found.flows));
  session.partial |= found.partial;
  session.truncated |= found.full;
  std::ranges::sort(found.flows, {}, &LinkFlow::start_ns);
  for (LinkFlow& flow : found.flows) session.timeline.flows.push_back({std::move(flow)});
  return {};
}

// One conversation that two sensors saw has its transactions once.
bool IsSeenAlready(const std::vector<TimelineFlow>& flows, std::size_t index) {
  for (std::size_t i = 0; i < index; ++i) {
    if (flows[i].flow.transactions == 0) continue;
    if (Conversations({flows[i].flow, flows[index].flow}) == 1) return true;
  }
  return false;
}

base::Result<> LoadTransactions(const Catalog& catalog, EventSession& session) {
  Timeline& line = session.timeline;
  for (std::size_t i = 0; i < line.flows.size(); ++i) {
    if (line.flows[i].flow.transactions == 0 || IsSeenAlready(line.flows, i)) continue;
    const auto left = kMaxSessionTransactions - static_cast<std::int64_t>(line.transactions.size());
    TAPIARY_ASSIGN(TransactionRows rows, LoadTransactionRows(catalog, line.flows[i].flow, left));
    session.partial |= rows.partial;
    session.truncated |= rows.full;
    for (TimelineTransaction& one : rows.transactions) {
      one.flow = i;
      line.transactions.push_back(std::move(one));
    }
    if (rows.full || rows.partial) break;
  }
  std::ranges::stable_sort(line.transactions, {}, &TimelineTransaction::time_ns);
  return {};
}

}  // namespace

base::Result<EventSession> LoadSession(const Catalog& catalog, std::int64_t event_id) {
  TAPIARY_ASSIGN(const StoredEvent seed, FindEvent(catalog, event_id));
  EventSession session;
  session.id = seed.session;
  session.source = seed.ends.source_ip;
  TAPIARY_ASSIGN(auto events, LoadEvents(catalog, seed, session));
  TAPIARY_TRY(SetClock(catalog, seed, events, session));
  if (!seed.session.empty()) SharePort(events);
  for (SessionEvent& event : events) {
    if (event.time_kind != "received") event.line.ends.clock_ns = session.clock_ns;
  }
  TAPIARY_TRY(LoadFlows(catalog, events, session));
  TAPIARY_TRY(LoadTransactions(catalog, session));
  for (SessionEvent& event : events) {
    // Behind a translation all of the session's packets have the other source.
    if (session.wire_source != session.source) event.line.ends.source_ip = session.wire_source;
    session.sensor = event.item.sensor;
    session.items.push_back(std::move(event.item));
    session.timeline.events.push_back(std::move(event.line));
  }
  Join(session.timeline);
  return session;
}

}  // namespace tapiary::server
