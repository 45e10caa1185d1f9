#include "server/alert/alert_routes.h"

#include <fmt/core.h>

#include <charconv>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "server/alert/alert.h"
#include "server/alert/alert_stream.h"
#include "server/alert/outbox.h"
#include "server/alert/rule_routes.h"
#include "server/api/list_query.h"
#include "server/api/sensors.h"
#include "server/audit/actor.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxNoteBytes = 4096;
constexpr std::size_t kMaxPageBytes = 8 << 20;

// What the handlers share; the routes own it together.
struct Shared {
  explicit Shared(AlertRoutesContext its_context)
      : context(std::move(its_context)),
        trials(context.catalog, context.targets, context.make_sender, context.stopping) {}
  AlertRoutesContext context;
  TargetTrials trials;
  std::atomic<int> streams{0};
};

std::string Parameter(const Request& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

base::Error Invalid(std::string message) {
  return base::MakeError(base::ErrorCode::kInvalid, std::move(message));
}

Response Answer(const base::Result<std::string>& json) {
  return json ? JsonResponse(200, *json) : ProblemFor(json.error());
}

base::Result<AlertQuery> ParseAlertQuery(const Request& request) {
  TAPIARY_TRY(CheckParameters(request, "state severity rule sensor limit after"));
  AlertQuery query;
  const std::string state = Parameter(request, "state");
  if (!state.empty() && state != "open" && state != "acknowledged") {
    return Invalid("state: must be open or acknowledged");
  }
  if (!state.empty()) query.acknowledged = state == "acknowledged";
  if (const std::string severity = Parameter(request, "severity"); !severity.empty()) {
    auto least = ParseSeverity(severity);
    if (!least) return least.error().WithContext("severity");
    query.least = *least;
  }
  TAPIARY_ASSIGN(const std::int64_t rule, ParseCount(request, "rule", 1, INT64_MAX, 0));
  if (rule != 0) query.rule_id = rule;
  query.sensor = base::EscapeBytes(Parameter(request, "sensor"));
  TAPIARY_ASSIGN(query.limit, ParseCount(request, "limit", 1, kMaxPageRows, kDefaultPageRows));
  TAPIARY_ASSIGN(query.below_id, ParseCount(request, "after", 1, INT64_MAX, INT64_MAX));
  return query;
}

base::Result<std::string> List(const Catalog& catalog, const Request& request) {
  TAPIARY_ASSIGN(AlertQuery query, ParseAlertQuery(request));
  const auto limit = static_cast<std::size_t>(query.limit++);
  TAPIARY_ASSIGN(const auto alerts, ListAlerts(catalog, query));
  if (alerts.empty() && !query.sensor.empty()) {
    TAPIARY_ASSIGN(const std::string sensor, base::UnescapeBytes(Parameter(request, "sensor")));
    TAPIARY_TRY(CheckSensor(catalog, sensor));
  }
  std::vector<std::string> items;
  std::size_t bytes = 0;
  for (const Alert& alert : alerts) {
    if (items.size() == limit || bytes > kMaxPageBytes) break;
    items.push_back(AlertJson(alert));
    bytes += items.back().size();
  }
  const bool more = items.size() < alerts.size();
  return PageJson(items, more ? std::to_string(alerts[items.size() - 1].id) : "");
}

base::Result<std::string> One(const Catalog& catalog, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, ""));
  TAPIARY_ASSIGN(const std::int64_t id, PathId(request));
  TAPIARY_ASSIGN(const Alert alert, FindAlert(catalog, id));
  return AlertJson(alert);
}

// {"note": TEXT}, or nothing.
base::Result<std::string> ReadNote(BodySource& body) {
  TAPIARY_ASSIGN(const std::string text, ReadBody(body, kMaxNoteBytes));
  if (text.empty()) return std::string();
  const Json json = Json::parse(text, nullptr, false);
  const bool good = json.is_object() && json.size() <= 1 &&
                    (json.empty() || (json.contains("note") && json["note"].is_string()));
  if (!good) return Invalid("the body must be {\"note\": TEXT}");
  std::string note = json.value("note", "");
  if (note.find('\0') != std::string::npos) return Invalid("note: has a NUL character");
  return note;
}

base::Result<std::string> Acknowledge(Catalog& catalog, const Request& request, BodySource& body) {
  TAPIARY_TRY(CheckParameters(request, ""));
  TAPIARY_ASSIGN(const std::int64_t id, PathId(request));
  TAPIARY_ASSIGN(const std::string note, ReadNote(body));
  TAPIARY_TRY(AcknowledgeAlert(catalog, id, ActorOf(request), note, base::WallNow()));
  TAPIARY_ASSIGN(const Alert alert, FindAlert(catalog, id));
  return AlertJson(alert);
}

Response Stream(Shared& shared, const Request& request) {
  const auto allowed = CheckParameters(request, "after");
  if (!allowed) return ProblemFor(allowed.error());
  const auto after = ParseCount(request, "after", 0, INT64_MAX, 0);
  if (!after) return ProblemFor(after.error());
  std::optional<std::int64_t> last_id;
  if (request.query.contains("after")) last_id = *after;
  // What a browser sends when it comes again; it stands above the address's own.
  const std::string_view seen = request.Header("last-event-id");
  std::int64_t seen_id = 0;
  if (std::from_chars(seen.data(), seen.data() + seen.size(), seen_id).ec == std::errc()) {
    last_id = seen_id;
  }
  auto stream = AlertStream::Open(shared.context.catalog, last_id, shared.streams,
                                  shared.context.stopping, AlertStream::Options());
  if (!stream) return ProblemFor(stream.error());
  Response response;
  response.content_type = "text/event-stream";
  response.stream = std::move(*stream);
  response.waits = true;
  return response;
}

Json MessageJson(const OutboxRow& row) {
  return {{"id", row.id},
          {"alert", row.alert_id},
          {"target", row.target},
          {"state", row.state},
          {"attempts", row.attempts},
          {"due", row.state == "waiting" ? Json(base::FormatTime(row.due_ns)) : Json(nullptr)},
          {"changed", base::FormatTime(row.changed_ns)},
          {"trouble", row.trouble.empty() ? Json(nullptr) : Json(row.trouble)}};
}

// One of the configuration's, or one that has left it and still has messages.
base::Result<> CheckTarget(const Shared& shared, const std::string& name) {
  std::string all;
  for (const AlertTarget& target : shared.context.targets) {
    if (target.name == name) return {};
    all += (all.empty() ? "" : ", ") + target.name;
  }
  const std::string escaped = base::EscapeBytes(name);
  TAPIARY_ASSIGN(const auto rows, ListOutbox(shared.context.catalog, "", escaped, INT64_MAX, 1));
  if (!rows.empty()) return {};
  return Invalid(fmt::format("target: there is no '{}'; there are: {}",
                             std::string_view(escaped).substr(0, 60), all.empty() ? "none" : all));
}

base::Result<std::string> Messages(const Shared& shared, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, "state target limit after"));
  const std::string state = Parameter(request, "state");
  if (!state.empty() && state != "waiting" && state != "sent" && state != "dead") {
    return Invalid("state: must be waiting, sent or dead");
  }
  TAPIARY_ASSIGN(const std::int64_t limit,
                 ParseCount(request, "limit", 1, kMaxPageRows, kDefaultPageRows));
  TAPIARY_ASSIGN(const std::int64_t after, ParseCount(request, "after", 1, INT64_MAX, INT64_MAX));
  const std::string target = Parameter(request, "target");
  if (!target.empty()) TAPIARY_TRY(CheckTarget(shared, target));
  TAPIARY_ASSIGN(const auto rows, ListOutbox(shared.context.catalog, state,
                                             base::EscapeBytes(target), after, limit + 1));
  std::vector<std::string> items;
  for (const OutboxRow& row : rows) {
    if (static_cast<std::int64_t>(items.size()) == limit) break;
    items.push_back(Dump(MessageJson(row)));
  }
  const bool more = items.size() < rows.size();
  return PageJson(items, more ? std::to_string(rows[items.size() - 1].id) : "");
}

base::Result<std::string> Retry(Catalog& catalog, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, ""));
  TAPIARY_ASSIGN(const std::int64_t id, PathId(request));
  TAPIARY_TRY(RetryDelivery(catalog, id, ActorOf(request), base::WallNow()));
  return std::string(R"({"state":"waiting"})");
}

// URLs are not shown: their paths may be secrets.
base::Result<std::string> Targets(const Shared& shared, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, ""));
  std::map<std::string, Json> states;
  TAPIARY_TRY(shared.context.catalog.Query(
      "SELECT target, state, count(*) FROM alert_outbox GROUP BY target, state", {},
      [&states](const SqlRow& row) {
        states[std::string(row.Text(0))][std::string(row.Text(1))] = row.Int(2);
        return true;
      }));
  std::vector<std::string> items;
  for (const AlertTarget& target : shared.context.targets) {
    Json item = {{"name", target.name},
                 {"kind", ToString(target.kind)},
                 {"host", base::EscapeBytes(target.host)},
                 {"severity", ToString(target.least)},
                 {"waiting", 0},
                 {"sent", 0},
                 {"dead", 0}};
    if (const auto found = states.find(target.name); found != states.end()) {
      item.update(found->second);
    }
    items.push_back(Dump(item));
  }
  return PageJson(items, "");
}

}  // namespace

std::string PageJson(const std::vector<std::string>& items, const std::string& next) {
  std::string json = "{\"items\":[";
  for (std::size_t i = 0; i < items.size(); ++i) json += (i == 0 ? "" : ",\n") + items[i];
  return json + "],\"next\":" + (next.empty() ? "null" : "\"" + next + "\"") + "}";
}

base::Result<std::int64_t> PathId(const Request& request) {
  const std::string& text = request.path_params.at("id");
  std::int64_t id = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, id);
  if (parsed.ec == std::errc() && parsed.ptr == end && id > 0) return id;
  return base::MakeError(base::ErrorCode::kNotFound, "not a number of this list");
}

std::vector<Route> AlertRoutes(AlertRoutesContext context) {
  Catalog& catalog = context.catalog;
  std::vector<std::string> targets;
  for (const AlertTarget& target : context.targets) targets.push_back(target.name);
  const auto shared = std::make_shared<Shared>(std::move(context));
  std::vector<Route> routes = RuleRoutes(catalog, std::move(targets));
  const auto add = [&](const char* method, const char* pattern, Scope scope, auto work,
                       std::uint64_t max_body_bytes = 0) {
    routes.push_back({method, std::string("/api/v1/alerts") + pattern, scope,
                      [shared, work](const Request& request, BodySource& body) -> Response {
                        return work(*shared, request, body);
                      },
                      max_body_bytes});
  };
  add("GET", "", Scope::kViewer, [](Shared& all, const Request& request, BodySource&) {
    return Answer(List(all.context.catalog, request));
  });
  add("GET", "/stream", Scope::kViewer,
      [](Shared& all, const Request& request, BodySource&) { return Stream(all, request); });
  add("GET", "/targets", Scope::kViewer, [](Shared& all, const Request& request, BodySource&) {
    return Answer(Targets(all, request));
  });
  add("POST", "/targets/{id}/test", kMayChange,
      [](Shared& all, const Request& request, BodySource&) {
        return all.trials.Run(request, base::SteadyNow());
      });
  add("GET", "/messages", Scope::kViewer, [](Shared& all, const Request& request, BodySource&) {
    return Answer(Messages(all, request));
  });
  add("POST", "/messages/{id}/retry", kMayChange,
      [](Shared& all, const Request& request, BodySource&) {
        return Answer(Retry(all.context.catalog, request));
      });
  add("GET", "/{id}", Scope::kViewer, [](Shared& all, const Request& request, BodySource&) {
    return Answer(One(all.context.catalog, request));
  });
  add(
      "POST", "/{id}/acknowledge", kMayChange,
      [](Shared& all, const Request& request, BodySource& body) {
        return Answer(Acknowledge(all.context.catalog, request, body));
      },
      kMaxNoteBytes);
  return routes;
}

}  // namespace tapiary::server
