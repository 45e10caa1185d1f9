#include "server/api/event_sessions.h"

#include <fmt/core.h>
#include <malloc.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <span>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "server/api/event_session.h"
#include "server/api/event_view.h"
#include "server/api/list_query.h"
#include "server/api/select.h"
#include "server/ingest/event_fields.h"
#include "server/ingest/json_tree.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kWireNs = 5 * base::kNanosPerSecond;  // for the whole page

struct SessionRow {
  std::string sensor;
  capture::IpAddress source;
  std::string session;
  std::string dataset;  // or "" when it has several
  std::int64_t first_ns = 0, last_ns = 0;
  std::int64_t events = 0, matches = 0;
  std::int64_t logins = 0, accepted = 0, commands = 0, files = 0;
  std::int64_t key = 0;  // of its last event, by the window's clock
  std::int64_t event = 0;
  std::optional<TimelineCounts> wire;
  [[nodiscard]] std::tuple<std::int64_t, std::int64_t> Order() const { return {key, event}; }
};

struct SessionPage {
  std::vector<SessionRow> rows;
  std::size_t grouped = 0;  // of which these were chosen
  bool more = false;
  bool partial = false;
  bool truncated = false;
};

struct SeenEvent {
  std::int64_t time_ns = 0;
  std::int64_t id = 0;
  std::int64_t key = 0;
  EventSummary deeds{};
  std::uint16_t dataset = 0;
  bool matched = false;
  [[nodiscard]] std::tuple<std::int64_t, std::int64_t> Order() const { return {time_ns, id}; }
};

// By sensor, source and session id. What an attacker makes long is there by its digest.
struct SeenEvents {
  std::unordered_map<std::string, std::vector<SeenEvent>> with_id{}, without_id{};
  std::vector<std::string> datasets{};
  bool partial = false;
  bool truncated = false;
};

EventSummary OfOneDeed(std::string_view action, std::string_view outcome) {
  EventSummary one;
  one.logins = action == "login" ? 1 : 0;
  one.accepted = action == "login" && outcome == "success" ? 1 : 0;
  one.commands = action == "command" ? 1 : 0;
  one.files = action == "download" || action == "upload" ? 1 : 0;
  return one;
}

// What a session sums up of an event. `ecs` is there of those that sum up several things.
EventSummary ToDeeds(const SqlRow& row, std::string_view ecs) {
  if (ecs.empty()) return OfOneDeed(row.Text(7), row.Text(8));
  JsonTree tree;
  (void)tree.Parse(ecs);  // else it has no member
  const auto count = [&tree](std::string_view name) {
    std::uint32_t number = 0;
    if (const JsonNode* at = tree.root().Find(name)) {
      (void)std::from_chars(at->text().data(), at->text().data() + at->text().size(), number);
    }
    return number;
  };
  return {count("tapiary.logins"), count("tapiary.logins_accepted"), count("tapiary.commands"),
          count("tapiary.files")};
}

// The index of the name; the last one stands for all further ones.
std::uint16_t DatasetIndex(std::vector<std::string>& names, std::string_view name) {
  constexpr std::size_t kMaxNames = 100;
  const auto known = std::ranges::find(names, name);
  const auto index = static_cast<std::size_t>(known - names.begin());
  if (known == names.end() && names.size() < kMaxNames) names.emplace_back(name);
  return static_cast<std::uint16_t>(std::min(index, kMaxNames));
}

std::string GroupOf(const SqlRow& row) {
  constexpr std::size_t kShort = 40;
  std::string group = std::to_string(row.Int(1)) + ".";
  group += base::AsText(row.Blob(2));
  const std::string_view session = row.Text(3);
  if (session.size() <= kShort) return group + "." + std::string(session);
  return group + "," + base::ToHex(base::Sha256Of(base::AsBytes(session)));
}

// The newest ones of the window: where the time limit ends it, the older ones are missing.
base::Result<SeenEvents> LoadSeen(const Catalog& catalog, const ListQuery& query) {
  const char* const key = TimeColumn(query.window.clock, FilterTable::kEvents);
  SqlCondition select{
      fmt::format("SELECT e.id, e.sensor_id, e.source_ip, COALESCE(e.session, ''), e.time_ns, {}, "
                  "COALESCE(json_extract(e.ecs, '$.\"event.dataset\"'), ''), "
                  "COALESCE(json_extract(e.ecs, '$.\"event.action\"'), ''), "
                  "COALESCE(json_extract(e.ecs, '$.\"event.outcome\"'), ''), "
                  "CASE WHEN instr(e.ecs, '\"tapiary.logins\":') > 0 THEN e.ecs ELSE '' END, "
                  "CASE WHEN ",
                  key),
      {}};
  Append(&select, ToSql(query.filter, FilterTable::kEvents));
  // What states no source and no session is of none: a honeypot's own messages, mostly.
  Append(&select,
         " THEN 1 ELSE 0 END FROM events e CROSS JOIN sensors s WHERE s.id = e.sensor_id AND "
         "(e.source_ip IS NOT NULL OR COALESCE(e.session, '') <> '') AND ");
  Append(&select, WindowToSql(query.window, FilterTable::kEvents));
  Append(&select, SqlCondition{fmt::format(" ORDER BY {} DESC, e.id DESC LIMIT ?", key),
                               {kMaxSessionsEvents + 1}});
  SeenEvents seen;
  std::int64_t events = 0;
  const auto take = [&](const SqlRow& row) {
    seen.truncated = ++events > kMaxSessionsEvents;
    if (seen.truncated) return false;
    auto& groups = row.Text(3).empty() ? seen.without_id : seen.with_id;
    groups[GroupOf(row)].push_back({row.Int(4), row.Int(0), row.Int(5), ToDeeds(row, row.Text(9)),
                                    DatasetIndex(seen.datasets, row.Text(6)), row.Int(10) != 0});
    return true;
  };
  TAPIARY_ASSIGN(const SelectEnd end, Select(catalog, select, take));
  seen.partial = end == SelectEnd::kTimeLimit;
  return seen;
}

SessionRow SumUp(std::span<const SeenEvent> events, const std::vector<std::string>& datasets) {
  SessionRow row;
  row.first_ns = events.front().time_ns;
  row.last_ns = events.back().time_ns;
  row.events = static_cast<std::int64_t>(events.size());
  bool one = events.front().dataset < datasets.size();
  for (const SeenEvent& event : events) {
    row.matches += event.matched ? 1 : 0;
    row.logins += event.deeds.logins;
    row.accepted += event.deeds.accepted;
    row.commands += event.deeds.commands;
    row.files += event.deeds.files;
    one = one && event.dataset == events.front().dataset;
    row.key = event.key > row.key || row.event == 0 ? event.key : row.key;
    row.event = std::max(row.event, event.id);
  }
  if (one) row.dataset = datasets[events.front().dataset];
  return row;
}

// Cuts each group where nothing came for longer than the gap.
void AddSessions(std::unordered_map<std::string, std::vector<SeenEvent>>& groups,
                 std::int64_t gap_ns, const SeenEvents& seen, std::vector<SessionRow>& rows) {
  for (auto& [group, events] : groups) {
    std::ranges::sort(events, {}, &SeenEvent::Order);
    std::size_t begin = 0;
    for (std::size_t i = 1; i <= events.size(); ++i) {
      const bool ends =
          i == events.size() || TimeMinus(events[i].time_ns, events[i - 1].time_ns) > gap_ns;
      if (!ends) continue;
      SessionRow row = SumUp(std::span(events).subspan(begin, i - begin), seen.datasets);
      if (row.matches > 0) rows.push_back(std::move(row));
      begin = i;
    }
  }
}

base::Result<> AddNames(const Catalog& catalog, SessionRow& row) {
  const SqlValue values[] = {row.event};
  return catalog.Query(
      "SELECT s.name, e.source_ip, COALESCE(e.session, '') FROM events e CROSS JOIN sensors s "
      "WHERE s.id = e.sensor_id AND e.id = ?",
      values, [&row](const SqlRow& found) {
        row.sensor = base::EscapeBytes(found.Text(0));
        row.source = FromAddressKey(found.Blob(1));
        row.session = found.Text(2);
        return false;
      });
}

// What many small pieces took stays with the thread that took them, 23 MB each, unless it is told.
void GiveBackMemory(std::size_t sessions) {
  constexpr std::size_t kMany = 2000;
  if (sessions > kMany) (void)::malloc_trim(0);
}

base::Result<SessionPage> LoadPage(const Catalog& catalog, const ListQuery& query) {
  TAPIARY_ASSIGN(SeenEvents seen, LoadSeen(catalog, query));
  SessionPage page;
  page.partial = seen.partial;
  page.truncated = seen.truncated;
  AddSessions(seen.with_id, base::kNanosPerDay, seen, page.rows);
  AddSessions(seen.without_id, kSessionGapNs, seen, page.rows);
  page.grouped = seen.with_id.size() + seen.without_id.size();
  if (query.after) {
    const std::tuple after(query.after->key, query.after->id);
    std::erase_if(page.rows, [&after](const SessionRow& row) { return row.Order() >= after; });
  }
  const auto limit = std::min(static_cast<std::size_t>(query.limit), page.rows.size());
  page.more = page.rows.size() > limit;
  const auto end = page.rows.begin() + static_cast<std::ptrdiff_t>(limit);
  std::ranges::partial_sort(page.rows, end, std::greater(), &SessionRow::Order);
  page.rows.erase(end, page.rows.end());
  page.rows.shrink_to_fit();
  for (SessionRow& row : page.rows) TAPIARY_TRY(AddNames(catalog, row));
  return page;
}

// What nobody logged, of as many sessions as the time is enough for.
base::Result<> AddWire(const Catalog& catalog, SessionPage& page) {
  const std::int64_t deadline_ns = base::SteadyNow() + kWireNs;
  for (SessionRow& row : page.rows) {
    if (base::SteadyNow() >= deadline_ns) {
      page.partial = true;
      break;
    }
    const auto session = LoadSession(catalog, row.event);
    // It may have been removed meanwhile.
    if (!session && session.error().code == base::ErrorCode::kNotFound) continue;
    if (!session) return session.error();
    row.wire = CountTimeline(session->timeline);
    page.partial |= session->partial;
  }
  return {};
}

Json RowJson(const SessionRow& row) {
  const auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
  Json json{{"event", row.event},
            {"sensor", row.sensor},
            {"dataset", text(row.dataset)},
            {"source", row.source.version == 0 ? Json() : Json(row.source.ToString())},
            {"session", text(row.session)},
            {"start", base::FormatTime(row.first_ns)},
            {"end", base::FormatTime(row.last_ns)},
            {"events", row.events},
            {"matches", row.matches},
            {"logins", row.logins},
            {"logins_accepted", row.accepted},
            {"commands", row.commands},
            {"files", row.files},
            {"wire_only", nullptr}};
  if (row.wire) {
    json["wire_only"] = {{"flows", row.wire->wire_flows},
                         {"transactions", row.wire->wire_transactions},
                         {"commands", row.wire->wire_commands},
                         {"after_logged_end", row.wire->after_end}};
  }
  return json;
}

std::string PageJson(const ListQuery& query, const SessionPage& page) {
  Json items = Json::array();
  for (const SessionRow& row : page.rows) items.push_back(RowJson(row));
  Json json{{"items", std::move(items)}, {"next", nullptr}};
  if (page.more) {
    const SessionRow& last = page.rows.back();
    json["next"] = Cursor{query.window.clock, last.key, last.event}.ToString();
  }
  json["truncated"] = page.truncated;
  json["partial"] = page.partial;
  json["fields_not_here"] = query.filter.FieldsNotIn(FilterTable::kEvents);
  json["from"] = base::FormatTime(query.window.from_ns);
  json["to"] =
      query.window.to_ns == INT64_MAX ? Json() : Json(base::FormatTime(query.window.to_ns));
  json["clock"] = ToString(query.window.clock);
  return DumpJson(json);
}

base::Result<bool> ParseWire(Request& request) {
  TAPIARY_TRY(CheckParameters(request, "filter from to last clock limit after wire"));
  const auto found = request.query.find("wire");
  if (found == request.query.end()) return false;
  const std::string text = found->second;
  request.query.erase(found);
  if (text == "true" || text == "false") return text == "true";
  return base::MakeError(base::ErrorCode::kInvalid, "wire: must be true or false");
}

base::Result<> CheckQuery(const ListQuery& query, bool wire) {
  if (!wire || query.limit <= kMaxSessionsWire) return {};
  return base::MakeError(
      base::ErrorCode::kInvalid,
      fmt::format("limit: at most {} with wire=true, which joins each session", kMaxSessionsWire));
}

}  // namespace

Response HandleEventSessions(const ApiContext& context, const Request& request) {
  Request list = request;
  const auto wire = ParseWire(list);
  if (!wire) return ProblemFor(wire.error());
  if (*wire) list.query.emplace("limit", std::to_string(kMaxSessionsWire));  // unless it is given
  Response problem;
  const auto query = ParseListQuery(list, base::WallNow(), &problem);
  if (!query) return problem;
  if (const auto good = CheckQuery(*query, *wire); !good) return ProblemFor(good.error());
  auto page = LoadPage(context.catalog, *query);
  if (page) GiveBackMemory(page->grouped);
  if (!page) return ProblemFor(page.error());
  if (*wire) {
    if (const auto added = AddWire(context.catalog, *page); !added) {
      return ProblemFor(added.error());
    }
  }
  return JsonResponse(200, PageJson(*query, *page));
}

}  // namespace tapiary::server
