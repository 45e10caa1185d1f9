#include "server/api/event_sessions.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/event_session.h"
#include "server/api/event_view.h"
#include "server/api/list_query.h"
#include "server/api/select.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kDayNs = 24LL * 3600 * base::kNanosPerSecond;
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
};

struct SessionPage {
  std::vector<SessionRow> rows;
  bool more = false;
  bool partial = false;
  bool truncated = false;
};

// The newest events of the window, with what a session sums up. Stated times may be any numbers: a
// quarter of one can be subtracted.
SqlCondition Events(const ListQuery& query) {
  const char* const key = TimeColumn(query.window.clock, FilterTable::kEvents);
  SqlCondition select{
      fmt::format("SELECT e.id, e.sensor_id, e.source_ip, COALESCE(e.session, '') AS session, "
                  "e.time_ns, {} AS key_ns, "
                  "COALESCE(json_extract(e.ecs, '$.\"event.dataset\"'), '') AS dataset, "
                  "COALESCE(json_extract(e.ecs, '$.\"event.action\"'), '') AS action, "
                  "COALESCE(json_extract(e.ecs, '$.\"event.outcome\"'), '') AS outcome, "
                  "CASE WHEN ",
                  key),
      {}};
  Append(&select, ToSql(query.filter, FilterTable::kEvents));
  Append(&select,
         " THEN 1 ELSE 0 END AS matched FROM events e CROSS JOIN sensors s "
         "WHERE s.id = e.sensor_id AND ");
  Append(&select, WindowToSql(query.window, FilterTable::kEvents));
  Append(&select, SqlCondition{fmt::format(" ORDER BY {} DESC, e.id DESC LIMIT ?", key),
                               {kMaxSessionsEvents}});
  return select;
}

constexpr std::string_view kPartition = "PARTITION BY sensor_id, source_ip, session";

// The same with `part`, the number of the session among those of its sensor, source and id.
SqlCondition Numbered(const ListQuery& query) {
  SqlCondition select{
      fmt::format("SELECT p.*, SUM(cut) OVER ({0} ORDER BY time_ns, id) AS part FROM ("
                  "SELECT n.*, COUNT(*) OVER () AS seen, CASE WHEN time_ns / 4 - LAG(time_ns / 4) "
                  "OVER ({0} ORDER BY time_ns, id) > CASE WHEN session = '' THEN {1} ELSE {2} END "
                  "THEN 1 ELSE 0 END AS cut FROM (",
                  kPartition, kSessionGapNs / 4, kDayNs / 4),
      {}};
  Append(&select, Events(query));
  Append(&select, ") n) p");
  return select;
}

SqlCondition Sessions(const ListQuery& query) {
  SqlCondition select{
      "SELECT s.name, g.source_ip, g.session, g.dataset, g.first_ns, g.last_ns, g.events, "
      "g.matches, g.logins, g.accepted, g.commands, g.files, g.last_key, g.last_id, g.seen FROM ("
      "SELECT sensor_id, source_ip, session, part, "
      "CASE WHEN MIN(dataset) = MAX(dataset) THEN MIN(dataset) ELSE '' END AS dataset, "
      "MIN(time_ns) AS first_ns, MAX(time_ns) AS last_ns, COUNT(*) AS events, "
      "SUM(matched) AS matches, SUM(CASE WHEN action = 'login' THEN 1 ELSE 0 END) AS logins, "
      "SUM(CASE WHEN action = 'login' AND outcome = 'success' THEN 1 ELSE 0 END) AS accepted, "
      "SUM(CASE WHEN action = 'command' THEN 1 ELSE 0 END) AS commands, "
      "SUM(CASE WHEN action IN ('download', 'upload') THEN 1 ELSE 0 END) AS files, "
      "MAX(key_ns) AS last_key, MAX(id) AS last_id, MAX(seen) AS seen FROM (",
      {}};
  Append(&select, Numbered(query));
  Append(&select,
         ") e GROUP BY sensor_id, source_ip, session, part HAVING SUM(matched) > 0) g "
         "CROSS JOIN sensors s WHERE s.id = g.sensor_id");
  if (query.after) {
    Append(&select, SqlCondition{" AND (g.last_key, g.last_id) < (?, ?)",
                                 {query.after->key, query.after->id}});
  }
  Append(&select,
         SqlCondition{" ORDER BY g.last_key DESC, g.last_id DESC LIMIT ?", {query.limit + 1}});
  return select;
}

SessionRow ReadRow(const SqlRow& row) {
  SessionRow session;
  session.sensor = base::EscapeBytes(row.Text(0));
  session.source = FromAddressKey(row.Blob(1));
  session.session = row.Text(2);
  session.dataset = row.Text(3);
  session.first_ns = row.Int(4);
  session.last_ns = row.Int(5);
  session.events = row.Int(6);
  session.matches = row.Int(7);
  session.logins = row.Int(8);
  session.accepted = row.Int(9);
  session.commands = row.Int(10);
  session.files = row.Int(11);
  session.key = row.Int(12);
  session.event = row.Int(13);
  return session;
}

base::Result<SessionPage> LoadPage(const Catalog& catalog, const ListQuery& query) {
  SessionPage page;
  const auto take = [&](const SqlRow& row) {
    page.truncated = row.Int(14) >= kMaxSessionsEvents;
    page.more = static_cast<std::int64_t>(page.rows.size()) == query.limit;
    if (!page.more) page.rows.push_back(ReadRow(row));
    return !page.more;
  };
  TAPIARY_ASSIGN(const SelectEnd end, Select(catalog, Sessions(query), take));
  page.partial = end == SelectEnd::kTimeLimit;
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
  if (!page) return ProblemFor(page.error());
  if (*wire) {
    if (const auto added = AddWire(context.catalog, *page); !added) {
      return ProblemFor(added.error());
    }
  }
  return JsonResponse(200, PageJson(*query, *page));
}

}  // namespace tapiary::server
