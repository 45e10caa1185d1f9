#include "server/api/event_links.h"

#include <algorithm>
#include <utility>

namespace tapiary::server {
namespace {

// How far a time lies outside a flow.
std::int64_t Outside(std::int64_t time_ns, const LinkFlow& flow) {
  if (time_ns < flow.start_ns) return TimeMinus(time_ns, flow.start_ns);
  return time_ns > flow.end_ns ? TimeMinus(time_ns, flow.end_ns) : 0;
}

std::int64_t Distance(const LinkEvent& event, const LinkFlow& flow) {
  const std::int64_t outside = Outside(event.WireTime(), flow);
  return outside < 0 ? -outside : outside;
}

void Compare(const LinkEvent& event, LinkFlow& flow) {
  flow.offset_ns = Outside(event.time_ns, flow);
  const auto note = [&flow](const char* name, bool same) {
    (same ? flow.agrees : flow.differs).emplace_back(name);
  };
  note("source.ip", event.source_ip == flow.orig_ip);
  if (event.source_port) note("source.port", *event.source_port == flow.orig_port);
  if (event.destination_ip.version != 0) {
    note("destination.ip", event.destination_ip == flow.resp_ip);
  }
  if (event.destination_port) note("destination.port", *event.destination_port == flow.resp_port);
  note("time", Distance(event, flow) <= event.slack_ns);
}

bool Agrees(const LinkFlow& flow, std::string_view name) {
  return std::ranges::find(flow.agrees, name) != flow.agrees.end();
}

// Keeps those that agree in `name`, unless none does.
bool Narrow(std::vector<LinkFlow>& flows, std::string_view name) {
  const auto agrees = [name](const LinkFlow& flow) { return Agrees(flow, name); };
  if (std::ranges::none_of(flows, agrees)) return false;
  std::erase_if(flows, [&agrees](const LinkFlow& flow) { return !agrees(flow); });
  return true;
}

void Require(std::vector<LinkFlow>& flows, std::string_view name) {
  std::erase_if(flows, [name](const LinkFlow& flow) { return !Agrees(flow, name); });
}

}  // namespace

std::int64_t TimeMinus(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return a < b ? -INT64_MAX : INT64_MAX;
}

const char* ToString(LinkState state) {
  constexpr const char* kNames[] = {"linked", "likely", "ambiguous", "none"};
  return kNames[static_cast<std::size_t>(state)];
}

std::size_t Conversations(const std::vector<LinkFlow>& flows) {
  std::vector<std::pair<std::string_view, std::int64_t>> starts;
  for (const LinkFlow& flow : flows) {
    starts.emplace_back(flow.community_id.empty() ? flow.id : flow.community_id, flow.start_ns);
  }
  std::ranges::sort(starts);
  std::size_t count = starts.empty() ? 0 : 1;
  for (std::size_t i = 1; i < starts.size(); ++i) {
    const bool same = starts[i].first == starts[i - 1].first &&
                      TimeMinus(starts[i].second, starts[i - 1].second) <= kLinkSlackNs;
    if (!same) ++count;
  }
  return count;
}

Links JudgeLinks(const LinkEvent& event, std::vector<LinkFlow> flows) {
  for (LinkFlow& flow : flows) Compare(event, flow);
  if (event.source_port) Require(flows, "source.port");
  const bool own_source = Narrow(flows, "source.ip");
  if (flows.empty()) return {};
  const bool in_time = Narrow(flows, "time");
  // An address alone at another time says nothing; nor does a port alone.
  if (!in_time && (!event.source_port || !own_source)) return {};
  if (!own_source && !event.source_port) return {};
  (void)Narrow(flows, "destination.port");
  (void)Narrow(flows, "destination.ip");
  std::ranges::stable_sort(flows, {}, [&](const LinkFlow& flow) { return Distance(event, flow); });
  Links links;
  const bool sure = in_time && own_source && event.source_port.has_value();
  links.state = Conversations(flows) != 1 ? LinkState::kAmbiguous
                : sure                    ? LinkState::kLinked
                                          : LinkState::kLikely;
  links.flows = std::move(flows);
  return links;
}

}  // namespace tapiary::server
