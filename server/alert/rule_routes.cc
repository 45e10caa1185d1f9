#include "server/alert/rule_routes.h"

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "server/alert/alert_routes.h"
#include "server/alert/match.h"
#include "server/alert/rule_store.h"
#include "server/api/list_query.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kTestWindowNs = 24LL * 3600 * base::kNanosPerSecond;
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

// The rule in the body. `problem` is set exactly when it is none; it says where a filter is wrong.
std::optional<AlertRule> ReadRule(const Request& request, BodySource& body, Response* problem) {
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
  if (rule) return *std::move(rule);
  *problem = filter_error.message.empty() ? ProblemFor(rule.error()) : FilterProblem(filter_error);
  return std::nullopt;
}

base::Result<std::string> OneRule(const Catalog& catalog, std::int64_t id) {
  TAPIARY_ASSIGN(const StoredRule stored, FindRule(catalog, id));
  return StoredRuleJson(stored);
}

Response HandleList(Catalog& catalog, const Request& request) {
  if (const auto allowed = CheckParameters(request, ""); !allowed) {
    return ProblemFor(allowed.error());
  }
  const auto rules = ListRules(catalog);
  if (!rules) return ProblemFor(rules.error());
  std::vector<std::string> items;
  for (const StoredRule& stored : *rules) items.push_back(StoredRuleJson(stored));
  return JsonResponse(200, PageJson(items, ""));
}

// The {id} of a path that takes no parameters.
base::Result<std::int64_t> OnlyId(const Request& request) {
  TAPIARY_TRY(CheckParameters(request, ""));
  return PathId(request);
}

Response HandleGet(Catalog& catalog, const Request& request) {
  const auto id = OnlyId(request);
  if (!id) return ProblemFor(id.error());
  return Answer(OneRule(catalog, *id));
}

Response HandleCreate(Catalog& catalog, const Request& request, BodySource& body) {
  Response problem;
  const auto rule = ReadRule(request, body, &problem);
  if (!rule) return problem;
  const auto id = CreateRule(catalog, *rule, ActorOf(request.identity), base::WallNow());
  if (!id) return Answer(id.error());
  Response response = Answer(OneRule(catalog, *id), 201);
  response.headers.emplace_back("Location", "/api/v1/alerts/rules/" + std::to_string(*id));
  return response;
}

Response HandleReplace(Catalog& catalog, const Request& request, BodySource& body) {
  const auto id = PathId(request);
  if (!id) return ProblemFor(id.error());
  Response problem;
  auto rule = ReadRule(request, body, &problem);
  if (!rule) return problem;
  rule->id = *id;
  const auto done = ReplaceRule(catalog, *rule, ActorOf(request.identity), base::WallNow());
  if (!done) return Answer(done.error());
  return Answer(OneRule(catalog, *id));
}

Response HandleDelete(Catalog& catalog, const Request& request) {
  const auto id = OnlyId(request);
  if (!id) return ProblemFor(id.error());
  const auto done = DeleteRule(catalog, *id, ActorOf(request.identity), base::WallNow());
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

Response HandleTest(Catalog& catalog, const Request& request, BodySource& body) {
  Response problem;
  const auto rule = ReadRule(request, body, &problem);
  if (!rule) return problem;
  if (rule->kind != RuleKind::kMatch) {
    return Problem(400, "The request is wrong", "only rules with a filter can be tried");
  }
  const auto result = MatchSince(catalog, *rule, base::WallNow() - kTestWindowNs, kTestRows);
  if (!result) return ProblemFor(result.error());
  return JsonResponse(200, TestJson(*result).dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

std::vector<Route> RuleRoutes(Catalog& catalog) {
  const auto route = [](const char* method, const char* pattern, Scope scope, Handler handler,
                        std::uint64_t max_body_bytes = 0) {
    return Route{method, std::string("/api/v1/alerts/rules") + pattern, scope, std::move(handler),
                 max_body_bytes};
  };
  Catalog* const known = &catalog;
  return {
      route("GET", "", Scope::kViewer,
            [known](const Request& request, BodySource&) { return HandleList(*known, request); }),
      route(
          "POST", "/test", kMayChange,
          [known](const Request& request, BodySource& body) {
            return HandleTest(*known, request, body);
          },
          kMaxRuleBytes),
      route(
          "POST", "", kMayChange,
          [known](const Request& request, BodySource& body) {
            return HandleCreate(*known, request, body);
          },
          kMaxRuleBytes),
      route("GET", "/{id}", Scope::kViewer,
            [known](const Request& request, BodySource&) { return HandleGet(*known, request); }),
      route(
          "PUT", "/{id}", kMayChange,
          [known](const Request& request, BodySource& body) {
            return HandleReplace(*known, request, body);
          },
          kMaxRuleBytes),
      route("DELETE", "/{id}", kMayChange,
            [known](const Request& request, BodySource&) { return HandleDelete(*known, request); }),
  };
}

}  // namespace tapiary::server
