#include "server/api/event_session_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "server/api/event_session.h"
#include "server/api/event_view.h"
#include "server/api/list_query.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxIdsShown = 20;

enum class EntryKind : std::uint8_t { kFlow, kTransaction, kEvent };

// A line of the time line; `index` into the timeline's list of its kind. Its place is the same in
// every answer as long as nothing came in.
struct Entry {
  std::int64_t time_ns = 0;
  EntryKind kind = EntryKind::kFlow;
  std::int64_t index = 0;
  auto operator<=>(const Entry&) const = default;
  [[nodiscard]] std::string ToString() const {
    return fmt::format("{}_{}_{}", time_ns, static_cast<int>(kind), index);
  }
};

std::optional<Entry> ParseEntry(const std::string& text) {
  std::int64_t numbers[3] = {};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (int i = 0; i < 3; ++i) {
    if (i > 0 && (at == end || *at++ != '_')) return std::nullopt;
    const auto [stop, error] = std::from_chars(at, end, numbers[i]);
    if (error != std::errc()) return std::nullopt;
    at = stop;
  }
  if (at != end || numbers[1] < 0 || numbers[1] > 2) return std::nullopt;
  return Entry{numbers[0], static_cast<EntryKind>(numbers[1]), numbers[2]};
}

std::vector<Entry> Entries(const Timeline& line) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < line.flows.size(); ++i) {
    entries.push_back({line.flows[i].flow.start_ns, EntryKind::kFlow, static_cast<int>(i)});
  }
  for (std::size_t i = 0; i < line.transactions.size(); ++i) {
    entries.push_back({line.transactions[i].time_ns, EntryKind::kTransaction, static_cast<int>(i)});
  }
  for (std::size_t i = 0; i < line.events.size(); ++i) {
    entries.push_back({line.events[i].wire_ns, EntryKind::kEvent, static_cast<int>(i)});
  }
  std::ranges::sort(entries);
  return entries;
}

Json EventIds(const std::vector<std::int64_t>& ids) {
  Json json = Json::array();
  for (std::size_t i = 0; i < std::min(ids.size(), kMaxIdsShown); ++i) json.push_back(ids[i]);
  return json;
}

Json FlowEntry(const TimelineFlow& one) {
  Json flow = LinkJson(one.flow);
  for (const char* name : {"agrees", "differs", "clock_offset"}) flow.erase(name);
  Json entry{{"wire_only", one.WireOnly()}, {"events", EventIds(one.events)}};
  if (one.maybe) entry["maybe_logged"] = true;
  if (one.after_end_ns != 0) {
    entry["after_logged_end"] = static_cast<double>(one.after_end_ns) / 1e9;
  }
  entry["flow"] = std::move(flow);
  return entry;
}

Json TransactionEntry(const Timeline& line, const TimelineTransaction& one) {
  Json record = Json::parse(one.record, nullptr, false);
  if (record.is_discarded()) record = Json();
  return {{"wire_only", !one.event.has_value()},
          {"event", one.event ? Json(*one.event) : Json()},
          {"flow", line.flows[one.flow].flow.id},
          {"transaction", std::move(record)}};
}

// But for the event itself.
Json EventEntry(const EventSession& session, std::size_t index) {
  const TimelineEvent& event = session.timeline.events[index];
  Json flows = Json::array();
  for (std::size_t i = 0; i < std::min(event.flows.size(), kMaxIdsShown); ++i) {
    flows.push_back(session.timeline.flows[event.flows[i]].flow.id);
  }
  return {{"log_only", event.state == LinkState::kNone},
          {"packets", ToString(event.state)},
          {"flows", std::move(flows)}};
}

std::string EntryJson(const EventSession& session, const Entry& entry) {
  constexpr const char* kNames[] = {"flow", "transaction", "event"};
  const Timeline& line = session.timeline;
  const auto index = static_cast<std::size_t>(entry.index);
  Json json{{"kind", kNames[static_cast<std::size_t>(entry.kind)]},
            {"time", base::FormatTime(entry.time_ns)}};
  json.update(entry.kind == EntryKind::kFlow ? FlowEntry(line.flows[index])
              : entry.kind == EntryKind::kTransaction
                  ? TransactionEntry(line, line.transactions[index])
                  : EventEntry(session, index));
  std::string text = DumpJson(json);
  if (entry.kind == EntryKind::kEvent) {
    AppendMember("event", ItemJson(ListKind::kEvents, session.items[index]), text);
  }
  return text;
}

// What is in the whole session, whatever page is shown.
Json Counts(const Timeline& line) {
  const TimelineCounts counts = CountTimeline(line);
  return {{"events", line.events.size()},
          {"flows", line.flows.size()},
          {"transactions", line.transactions.size()},
          {"wire_only",
           {{"flows", counts.wire_flows},
            {"transactions", counts.wire_transactions},
            {"commands", counts.wire_commands},
            {"after_logged_end", counts.after_end}}},
          {"log_only", {{"events", counts.log_events}}}};
}

Json SessionJson(const EventSession& session) {
  const auto address = [](const capture::IpAddress& ip) {
    return ip.version == 0 ? Json() : Json(ip.ToString());
  };
  Json clock{{"moved_by", static_cast<double>(session.clock_ns) / 1e9},
             {"known_from", session.clock_by.empty() ? Json() : Json(session.clock_by)},
             {"honeypot", ClockJson(session.clock)}};
  return {{"sensor", session.sensor},
          {"session", session.id.empty() ? Json() : Json(session.id)},
          {"source", address(session.source)},
          {"source_on_wire", address(session.wire_source)},
          {"clock", std::move(clock)}};
}

base::Result<std::string> Answer(const Catalog& catalog, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, "limit after"));
  TAPIARY_ASSIGN(const std::int64_t id, ParseEventId(request));
  TAPIARY_ASSIGN(const std::int64_t limit,
                 ParseCount(request, "limit", 1, kMaxPageRows, kDefaultPageRows));
  std::optional<Entry> after;
  if (const auto at = request.query.find("after"); at != request.query.end()) {
    after = ParseEntry(at->second);
    if (!after) {
      return base::MakeError(base::ErrorCode::kInvalid, "after: not the `next` of a page");
    }
  }
  TAPIARY_ASSIGN(const EventSession session, LoadSession(catalog, id));
  const std::vector<Entry> entries = Entries(session.timeline);
  auto at = after ? std::ranges::upper_bound(entries, *after) : entries.begin();
  std::string shown = "[";
  for (std::int64_t count = 0; at != entries.end() && count < limit; ++at, ++count) {
    if (count != 0) shown += ',';
    shown += EntryJson(session, *at);
  }
  Json answer = SessionJson(session);
  answer["counts"] = Counts(session.timeline);
  answer["next"] = at == entries.end() ? Json() : Json(std::prev(at)->ToString());
  answer["truncated"] = session.truncated;
  answer["partial"] = session.partial;
  std::string text = DumpJson(answer);
  AppendMember("entries", shown + "]", text);
  return text;
}

}  // namespace

Response HandleEventSession(const ApiContext& context, const Request& request) {
  auto answer = Answer(context.catalog, request);
  return answer ? JsonResponse(200, std::move(*answer)) : ProblemFor(answer.error());
}

}  // namespace tapiary::server
