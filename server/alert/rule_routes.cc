#include "server/alert/rule_routes.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/clock.h"
#include "server/alert/alert_routes.h"
#include "server/alert/match.h"
#include "server/alert/rule_store.h"
#include "server/api/list_query.h"
#include "server/audit/actions.h"
#include "server/audit/actor.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kTestWindowNs = base::kNanosPerDay;
constexpr std::int64_t kTestRows = 100'000;
constexpr std::size_t kTestExamples = 20;

Response Answer(const base::Result<std::string>& json, int status = 200) {
  if (json) return JsonResponse(status, *json);
  base::Error error = json.error();
  if (error.code == base::ErrorCode::kExists) error.code = base::ErrorCode::kConflict;
  return ProblemFor(error);
}

// The same members as where lists refuse a filter, for the page to show it there.
Response FilterProblem(const FilterError& error) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? Json() : Json(text);
  };
  const Json problem = {{"type", "about:blank"},
                        {"title", "Filter not understood"},
                        {"status", 400},
                        {"detail", error.ToString()},
                        {"position", error.position},
                        {"length", error.length},
                        {"expected", text_or_null(error.expected)},
                        {"suggestion", text_or_null(error.suggestion)}};
  Response response = Problem(400, "Filter not understood", error.ToString());
  response.body = problem.dump(-1, ' ', false, Json::error_handler_t::replace);
  return response;
}

struct Shared {
  Catalog& catalog;
  std::vector<std::string> targets;  // by the configuration
};

// The first target that a rule names and that is none, so that nobody is told.
std::optional<std::string> LostTarget(const Shared& all, const AlertRule& rule) {
  const auto lost = std::ranges::find_if(rule.targets, [&](const std::string& name) {
    return std::ranges::find(all.targets, name) == all.targets.end();
  });
  if (lost == rule.targets.end()) return std::nullopt;
  return *lost;
}

// A misspelt one would never come.
std::optional<std::string> UnknownAlarm(const AlertRule& rule) {
  for (const std::string& alarm : rule.alarms) {
    if (!IsAuditAction(alarm)) return alarm.substr(0, 60);
  }
  return std::nullopt;
}

// The rule in the body. `problem` is set exactly when it is none; it says where a filter is wrong.
std::optional<AlertRule> ReadRule(const Shared& all, const Request& request, BodySource& body,
                                  Response* problem) {
  const auto allowed = CheckParameters(request, "");
  if (!allowed) {
    *problem = ProblemFor(allowed.error());
    return std::nullopt;
  }
  const auto text = ReadBody(body, kMaxRuleBytes);
  if (!text) {
    *problem = ProblemFor(text.error());
    return std::nullopt;
  }
  FilterError filter_error;
  auto rule = ParseRule(*text, &filter_error);
  const auto lost = rule ? LostTarget(all, *rule) : std::nullopt;
  if (lost) {
    *problem = Problem(400, "The request is wrong",
                       fmt::format("targets: the configuration has no '{}'; GET "
                                   "/api/v1/alerts/targets lists them",
                                   *lost));
    return std::nullopt;
  }
  const auto unknown = rule ? UnknownAlarm(*rule) : std::nullopt;
  if (unknown) {
    *problem = Problem(
        400, "The request is wrong",
        fmt::format("alarms: there is no '{}'; there are: {}", *unknown, AuditActionList()));
    return std::nullopt;
  }
  if (rule) return *std::move(rule);
  *problem = filter_error.message.empty() ? ProblemFor(rule.error()) : FilterProblem(filter_error);
  return std::nullopt;
}

// Targets may leave the configuration after a rule was saved.
std::string ShownRule(const Shared& all, StoredRule stored) {
  const auto lost = LostTarget(all, stored.rule);
  if (lost && stored.trouble.empty()) {
    stored.trouble = fmt::format("the configuration has no target '{}'", *lost);
  }
  return StoredRuleJson(stored);
}

base::Result<std::string> OneRule(const Shared& all, std::int64_t id) {
  TAPIARY_ASSIGN(StoredRule stored, FindRule(all.catalog, id));
  return ShownRule(all, std::move(stored));
}

Response HandleList(const Shared& all, const Request& request) {
  if (const auto allowed = CheckParameters(request, ""); !allowed) {
    return ProblemFor(allowed.error());
  }
  const auto rules = ListRules(all.catalog);
  if (!rules) return ProblemFor(rules.error());
  std::vector<std::string> items;
  for (const StoredRule& stored : *rules) items.push_back(ShownRule(all, stored));
  return JsonResponse(200, PageJson(items, ""));
}

// The {id} of a path that takes no parameters.
base::Result<std::int64_t> OnlyId(const Request& request) {
  TAPIARY_TRY(CheckParameters(request, ""));
  return PathId(request);
}

Response HandleGet(const Shared& all, const Request& request) {
  const auto id = OnlyId(request);
  if (!id) return ProblemFor(id.error());
  return Answer(OneRule(all, *id));
}

Response HandleCreate(const Shared& all, const Request& request, BodySource& body) {
  Response problem;
  const auto rule = ReadRule(all, request, body, &problem);
  if (!rule) return problem;
  const auto id = CreateRule(all.catalog, *rule, ActorOf(request), base::WallNow());
  if (!id) return Answer(id.error());
  Response response = Answer(OneRule(all, *id), 201);
  response.headers.emplace_back("Location", "/api/v1/alerts/rules/" + std::to_string(*id));
  return response;
}

Response HandleReplace(const Shared& all, const Request& request, BodySource& body) {
  const auto id = PathId(request);
  if (!id) return ProblemFor(id.error());
  Response problem;
  auto rule = ReadRule(all, request, body, &problem);
  if (!rule) return problem;
  rule->id = *id;
  const auto done = ReplaceRule(all.catalog, *rule, ActorOf(request), base::WallNow());
  if (!done) return Answer(done.error());
  return Answer(OneRule(all, *id));
}

Response HandleDelete(const Shared& all, const Request& request) {
  const auto id = OnlyId(request);
  if (!id) return ProblemFor(id.error());
  const auto done = DeleteRule(all.catalog, *id, ActorOf(request), base::WallNow());
  if (!done) return Answer(done.error());
  Response response;
  response.status = 204;
  return response;
}

Json TestJson(const MatchResult& result) {
  std::int64_t matches = 0;
  Json examples = Json::array();
  for (const auto& [key, match] : result.groups) {
    matches += match.matches;
    if (examples.size() >= kTestExamples) continue;
    examples.push_back({{"sensor", match.sensor},
                        {"group", Json::parse(key, nullptr, false)},
                        {"matches", match.matches},
                        {"match", Json::parse(match.rows.front().record, nullptr, false)}});
  }
  return {{"matches", matches},
          {"more", matches >= kTestRows},
          {"partial", result.partial},
          {"groups", result.groups.size()},
          {"examples", std::move(examples)}};
}

Response HandleTest(const Shared& all, const Request& request, BodySource& body) {
  Response problem;
  const auto rule = ReadRule(all, request, body, &problem);
  if (!rule) return problem;
  if (rule->kind != RuleKind::kMatch) {
    return Problem(400, "The request is wrong", "only rules with a filter can be tried");
  }
  const auto result = MatchSince(all.catalog, *rule, base::WallNow() - kTestWindowNs, kTestRows);
  if (!result) return ProblemFor(result.error());
  return JsonResponse(200, TestJson(*result).dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

std::vector<Route> RuleRoutes(Catalog& catalog, std::vector<std::string> targets) {
  const auto shared = std::make_shared<const Shared>(Shared{catalog, std::move(targets)});
  const auto route = [&shared](const char* method, const char* pattern, Scope scope, auto work,
                               std::uint64_t max_body_bytes = 0) {
    return Route{method, std::string("/api/v1/alerts/rules") + pattern, scope,
                 [shared, work](const Request& request, BodySource& body) -> Response {
                   return work(*shared, request, body);
                 },
                 max_body_bytes};
  };
  const auto list = [](const Shared& all, const Request& request, BodySource&) {
    return HandleList(all, request);
  };
  const auto get = [](const Shared& all, const Request& request, BodySource&) {
    return HandleGet(all, request);
  };
  const auto remove = [](const Shared& all, const Request& request, BodySource&) {
    return HandleDelete(all, request);
  };
  return {
      route("GET", "", Scope::kViewer, list),
      route("POST", "/test", kMayChange, HandleTest, kMaxRuleBytes),
      route("POST", "", kMayChange, HandleCreate, kMaxRuleBytes),
      route("GET", "/{id}", Scope::kViewer, get),
      route("PUT", "/{id}", kMayChange, HandleReplace, kMaxRuleBytes),
      route("DELETE", "/{id}", kMayChange, remove),
  };
}

}  // namespace tapiary::server
