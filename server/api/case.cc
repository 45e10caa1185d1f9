#include "server/api/case.h"

#include <fmt/core.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/audit.h"
#include "server/api/downloads.h"
#include "server/api/lists.h"
#include "server/evidence/case_archive.h"
#include "server/evidence/collector_key.h"
#include "server/evidence/completeness.h"
#include "server/evidence/keys.h"
#include "server/evidence/pins.h"
#include "server/evidence/signed_text.h"
#include "server/evidence/statement.h"
#include "server/ingest/hour_rows.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxNoteBytes = 4096;
constexpr std::size_t kMaxHours = 20'000;  // of all sensors together
constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::int64_t kRowsAtATime = 1000;
constexpr std::int64_t kMostAuditRows = 100'000;
// What tells of the evidence. Searches tell of those who investigate it.
constexpr const char* kAuditActions =
    "'download', 'pin-created', 'pin-removed', 'sensor-key-pinned', 'sensor-key-trusted', "
    "'sensor-key-refused', 'sensor-key-changed', 'digest-conflict', 'record-conflict', "
    "'segment-conflict', 'item-altered', 'bad-signature', 'unsigned-facts', 'chain-forked', "
    "'chain-restarted', 'data-removed', 'audit-trimmed', 'audit-gap', 'collector-key'";

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// What a case is made of, and what its members learn from those before them.
struct Work {
  ApiContext context;
  Filter filter{};
  TimeWindow window{};
  std::string filter_text{};
  std::string note{};
  std::string actor{};

  std::unique_ptr<CaptureBody> capture{};
  int missing = 0;
  std::map<std::string, std::set<std::int64_t>> hours{};  // by sensor, escaped
  std::size_t hours_noted = 0;
  bool hours_whole = true;

  void Cover(const std::string& sensor, std::int64_t time_ns) {
    if (hours_noted >= kMaxHours) {
      hours_whole =
          hours_whole && hours.contains(sensor) && hours[sensor].contains(HourOf(time_ns));
      return;
    }
    if (hours[sensor].insert(HourOf(time_ns)).second) ++hours_noted;
  }
};
using Shared = std::shared_ptr<Work>;
using Next = std::function<base::Result<std::string>()>;

base::Result<std::string> NextPackets(Work& work) {
  if (!work.capture) return std::string();
  std::string piece(kPieceBytes, '\0');
  TAPIARY_ASSIGN(const std::size_t size, work.capture->Read(piece));
  piece.resize(size);
  work.missing = work.capture->missing();
  if (size == 0) work.capture.reset();
  return piece;
}

// Pages of a list, each a piece.
Next ListPieces(const Shared& work, ListKind kind) {
  ListQuery query;
  query.filter = work->filter;
  query.window = work->window;
  query.limit = kMaxPageRows;
  query.format = ListFormat::kNdjson;
  return [work, kind, query, more = true]() mutable -> base::Result<std::string> {
    std::string piece;
    while (more && piece.empty()) {
      TAPIARY_ASSIGN(more, ReadListPart(work->context.catalog, kind, &query, &piece,
                                        [&](const StoredItem& item) {
                                          work->Cover(item.sensor, item.time_ns);
                                        }));
    }
    return piece;
  };
}

base::Result<std::int64_t> SensorId(const Catalog& catalog, const std::string& escaped) {
  TAPIARY_ASSIGN(const std::string name, base::UnescapeBytes(escaped));
  std::int64_t id = 0;
  const SqlValue values[] = {name};
  TAPIARY_TRY(
      catalog.QuickQuery("SELECT id FROM sensors WHERE name = ?", values, [&id](const SqlRow& row) {
        id = row.Int(0);
        return false;
      }));
  return id;
}

base::Result<std::string> HourLine(const Work& work, const std::string& escaped,
                                   std::int64_t hour_ns) {
  TAPIARY_ASSIGN(const std::int64_t id, SensorId(work.context.catalog, escaped));
  TAPIARY_ASSIGN(const std::string name, base::UnescapeBytes(escaped));
  const std::int64_t now_ns = base::WallNow();
  TAPIARY_ASSIGN(const auto accounts,
                 Accounts(work.context.catalog, {id, hour_ns, hour_ns + 1, now_ns}));
  std::string lines;
  for (const HourAccount& account : accounts) {
    const std::string statement = StatementJson(name, account, now_ns);
    const std::string jws = SignedText(*work.context.key, statement);
    lines += statement.substr(0, statement.size() - 1) + ",\"jws\":\"" + jws + "\"}\n";
  }
  return lines;
}

// Of every sensor and hour that the members before have found.
Next HourPieces(const Shared& work) {
  return [work, sensor = std::string(), hour_ns = INT64_MIN,
          begun = false]() mutable -> base::Result<std::string> {
    auto of = begun ? work->hours.find(sensor) : work->hours.begin();
    while (of != work->hours.end()) {
      const bool same = begun && of->first == sensor;
      const auto hour = same ? of->second.upper_bound(hour_ns) : of->second.begin();
      if (hour != of->second.end()) {
        begun = true;
        sensor = of->first;
        hour_ns = *hour;
        return HourLine(*work, sensor, hour_ns);
      }
      ++of;
    }
    return std::string();
  };
}

// Once for each sensor of the case, when the members before have found them.
Next BySensor(const Shared& work,
              std::function<base::Result<std::string>(const Work&, const std::string&)> of) {
  return [work, of = std::move(of), last = std::string(),
          begun = false]() mutable -> base::Result<std::string> {
    std::string piece;
    while (piece.empty()) {
      const auto next = begun ? work->hours.upper_bound(last) : work->hours.begin();
      if (next == work->hours.end()) break;
      begun = true;
      last = next->first;
      TAPIARY_ASSIGN(piece, of(*work, last));
    }
    return piece;
  };
}

base::Result<std::string> KeyLines(const Work& work, const std::string& escaped) {
  TAPIARY_ASSIGN(const std::int64_t id, SensorId(work.context.catalog, escaped));
  TAPIARY_ASSIGN(const auto keys, SensorKeys(work.context.catalog, id));
  std::string lines;
  for (const SensorKey& key : keys) {
    const Json line = {{"sensor", escaped},
                       {"key", base::ToHex(key.key)},
                       {"state", key.state},
                       {"first", base::FormatTime(key.first_ns)},
                       {"decided_by", key.decided_ns == 0 ? Json() : Json(key.decided_by)}};
    lines += Dump(line) + "\n";
  }
  return lines;
}

base::Result<std::string> PinLines(const Work& work, const std::string& escaped) {
  PinsQuery query;
  TAPIARY_ASSIGN(query.sensor, base::UnescapeBytes(escaped));
  query.limit = kRowsAtATime;
  std::string lines;
  for (bool more = true; more;) {
    TAPIARY_ASSIGN(const auto pins, ListPins(work.context.catalog, query));
    for (const Pin& pin : pins) {
      Json flow;
      if (pin.flow) flow = FlowText(pin);
      const Json line = {{"id", pin.id},
                         {"sensor", escaped},
                         {"flow", std::move(flow)},
                         {"from", base::FormatTime(pin.from_ns)},
                         {"to", base::FormatTime(pin.to_ns)},
                         {"note", pin.note},
                         {"actor", pin.actor},
                         {"created", base::FormatTime(pin.created_ns)}};
      lines += Dump(line) + "\n";
      query.before_id = pin.id;
    }
    more = static_cast<std::int64_t>(pins.size()) == query.limit && lines.size() < (8u << 20);
  }
  return lines;
}

Next AuditPieces(const Shared& work) {
  return [work, after = std::int64_t{0},
          left = kMostAuditRows]() mutable -> base::Result<std::string> {
    const std::vector<SqlValue> values{after, work->window.from_ns, std::min(left, kRowsAtATime)};
    std::string piece;
    TAPIARY_TRY(work->context.catalog.Query(
        fmt::format("SELECT {} FROM audit a WHERE a.id > ? AND a.time_ns >= ? AND a.action IN ({}) "
                    "ORDER BY a.id LIMIT ?",
                    kAuditColumns, kAuditActions),
        values, [&](const SqlRow& row) {
          after = row.Int(0);
          --left;
          piece += AuditRowJson(row) + "\n";
          return true;
        }));
    return piece;
  };
}

std::string Manifest(const Work& work) {
  const std::vector<std::pair<const char*, FilterTable>> tables = {
      {"flows", FilterTable::kFlows},
      {"transactions", FilterTable::kTransactions},
      {"events", FilterTable::kEvents}};
  Json absent = Json::object();
  for (const auto& [name, table] : tables) {
    absent[name] = Json::array();
    for (const std::string_view field : work.filter.FieldsNotIn(table))
      absent[name].push_back(field);
  }
  const Json json = {
      {"by", base::EscapeBytes(work.actor)},
      {"note", base::EscapeBytes(work.note)},
      {"asked",
       {{"filter", base::EscapeBytes(work.filter_text)},
        {"from", base::FormatTime(work.window.from_ns)},
        {"to", work.window.to_ns == INT64_MAX ? Json() : Json(base::FormatTime(work.window.to_ns))},
        {"clock", ToString(work.window.clock)}}},
      {"fields_not_here", std::move(absent)},
      {"missing_parts_of_capture", work.missing},
      {"completeness_whole", work.hours_whole}};
  return Dump(json);
}

base::Result<Shared> Prepare(const ApiContext& context, const Request& request, Filter filter) {
  TAPIARY_TRY(CheckParameters(request, "filter from to last clock note"));
  if (context.key == nullptr) {
    return base::MakeError(base::ErrorCode::kUnavailable, "this collector has no key to sign with");
  }
  auto work = std::make_shared<Work>(Work{.context = context});
  const std::int64_t now_ns = base::WallNow();
  TAPIARY_ASSIGN(work->window, ParseWindow(request, now_ns));
  // What arrives meanwhile is in no member rather than in some.
  if (work->window.clock == Clock::kReceived) {
    work->window.to_ns = std::min(work->window.to_ns, now_ns);
  }
  const auto value = [&request](const char* name) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string() : found->second;
  };
  work->filter_text = value("filter");
  work->note = value("note");
  if (work->note.size() > kMaxNoteBytes) {
    return base::MakeError(base::ErrorCode::kInvalid, "note: at most 4096 bytes");
  }
  work->actor = ActorOf(request.identity);
  const std::string asked =
      fmt::format("a case made at {}: {}", base::FormatTime(now_ns),
                  base::EscapeBytes(work->filter_text.empty() ? "all packets" : work->filter_text)
                      .substr(0, 700));
  TAPIARY_ASSIGN(work->capture, CaptureOf(context, filter, work->window, asked));
  work->filter = std::move(filter);
  work->capture->OnSegment([covers = work.get()](const StoredSegment& segment) {
    covers->Cover(base::EscapeBytes(segment.sensor), segment.first_ns);
  });
  return work;
}

base::Result<Response> Case(const ApiContext& context, const Request& request, Filter filter) {
  TAPIARY_ASSIGN(const Shared work, Prepare(context, request, std::move(filter)));
  const auto collector_keys = [work, done = false]() mutable -> base::Result<std::string> {
    if (std::exchange(done, true)) return std::string();
    TAPIARY_ASSIGN(const auto keys, CollectorKeys(work->context.catalog));
    std::string list;
    for (const CollectorKey& key : keys) list += (list.empty() ? "" : ",") + KeyJson(key.key);
    return "{\"keys\":[" + list + "]}\n";
  };
  std::vector<CaseMember> members;
  members.push_back({"capture.pcapng", [work] { return NextPackets(*work); }});
  members.push_back({"flows.ndjson", ListPieces(work, ListKind::kFlows)});
  members.push_back({"transactions.ndjson", ListPieces(work, ListKind::kTransactions)});
  members.push_back({"events.ndjson", ListPieces(work, ListKind::kEvents)});
  members.push_back({"completeness.ndjson", HourPieces(work)});
  members.push_back({"pins.ndjson", BySensor(work, PinLines)});
  members.push_back({"sensor-keys.ndjson", BySensor(work, KeyLines)});
  members.push_back({"collector-keys.json", collector_keys});
  members.push_back({"audit.ndjson", AuditPieces(work)});
  Response response;
  response.content_type = "application/zip";
  std::string now = base::FormatTime(base::WallNow()).substr(0, 19);
  std::erase(now, ':');
  response.headers.emplace_back("Content-Disposition",
                                fmt::format("attachment; filename=\"tapiary-case-{}.zip\"", now));
  response.stream = std::make_unique<CaseArchive>(
      std::move(members), [work] { return Manifest(*work); }, *context.key);
  return response;
}

}  // namespace

Response HandleCase(const ApiContext& context, const Request& request) {
  Response problem;
  auto filter = ParseFilterParameter(request, &problem);
  if (!filter) return problem;
  auto response = Case(context, request, std::move(*filter));
  return response ? std::move(*response) : ProblemFor(response.error());
}

}  // namespace tapiary::server
