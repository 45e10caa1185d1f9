#include "server/api/event_timeline.h"

#include <algorithm>

namespace tapiary::server {
namespace {

// An event about something that was asked of the service; only such vouch for a transaction.
bool IsAboutRequest(const TimelineEvent& event) {
  constexpr std::string_view kOthers[] = {"connect",    "disconnect",  "client-info", "session",
                                          "enrichment", "operational", "scan"};
  return std::ranges::find(kOthers, event.action) == std::end(kOthers);
}

// Only flows that can be the event's are copied and compared: most have another port.
void LinkEventToFlows(Timeline& line, TimelineEvent& event) {
  std::vector<LinkFlow> near;
  for (std::size_t i = 0; i < line.flows.size(); ++i) {
    const LinkFlow& flow = line.flows[i].flow;
    if (event.ends.source_port && *event.ends.source_port != flow.orig_port) continue;
    near.push_back(flow);
    near.back().number = static_cast<std::int64_t>(i);
  }
  const Links links = JudgeLinks(event.ends, std::move(near));
  event.state = links.state;
  for (const LinkFlow& flow : links.flows) {
    const auto index = static_cast<std::size_t>(flow.number);
    event.flows.push_back(index);
    if (links.state == LinkState::kAmbiguous) {
      line.flows[index].maybe = true;
    } else {
      line.flows[index].events.push_back(event.id);
    }
  }
}

bool MayBe(const TimelineEvent& event, const TimelineTransaction& transaction) {
  if (transaction.event) return false;
  if (!event.flows.empty() &&
      std::ranges::find(event.flows, transaction.flow) == event.flows.end()) {
    return false;
  }
  if (!event.protocol.empty() && event.protocol != transaction.protocol) return false;
  return !event.function || *event.function == transaction.code;
}

std::int64_t Apart(const TimelineEvent& event, const TimelineTransaction& transaction) {
  const std::int64_t apart = TimeMinus(event.wire_ns, transaction.time_ns);
  return apart < 0 ? -apart : apart;
}

// With a time of its own: the nearest. Without one: the next in order.
void Vouch(Timeline& line, TimelineEvent& event) {
  TimelineTransaction* best = nullptr;
  for (TimelineTransaction& one : line.transactions) {
    if (!MayBe(event, one)) continue;
    if (!event.has_time) {
      best = &one;
      break;
    }
    if (Apart(event, one) > kVouchNs) continue;
    if (best == nullptr || Apart(event, one) < Apart(event, *best)) best = &one;
  }
  if (best == nullptr) return;
  best->event = event.id;
  event.transaction = static_cast<std::size_t>(best - line.transactions.data());
  if (!event.has_time) event.wire_ns = best->time_ns;
}

void MarkAfterEnd(Timeline& line, const TimelineEvent& end) {
  if (end.action != "disconnect" || !end.has_time || end.state == LinkState::kAmbiguous) return;
  for (const std::size_t index : end.flows) {
    TimelineFlow& flow = line.flows[index];
    const std::int64_t after = TimeMinus(flow.flow.end_ns, end.wire_ns);
    if (after > kAfterEndNs) flow.after_end_ns = std::max(flow.after_end_ns, after);
  }
}

}  // namespace

void Join(Timeline& line) {
  for (TimelineEvent& event : line.events) {
    event.wire_ns = event.ends.WireTime();
    LinkEventToFlows(line, event);
  }
  for (TimelineEvent& event : line.events) {
    if (IsAboutRequest(event)) Vouch(line, event);
    MarkAfterEnd(line, event);
  }
}

TimelineCounts CountTimeline(const Timeline& line) {
  TimelineCounts counts;
  for (const TimelineFlow& one : line.flows) {
    counts.wire_flows += one.WireOnly() ? 1 : 0;
    counts.after_end += one.after_end_ns != 0 ? 1 : 0;
  }
  for (const TimelineTransaction& one : line.transactions) {
    if (one.event) continue;
    ++counts.wire_transactions;
    counts.wire_commands += one.command ? 1 : 0;
  }
  for (const TimelineEvent& one : line.events) {
    counts.log_events += one.state == LinkState::kNone ? 1 : 0;
  }
  return counts;
}

}  // namespace tapiary::server
