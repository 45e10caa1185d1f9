#include "server/api/sensor_keys.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/list_query.h"
#include "server/audit/actor.h"
#include "server/evidence/keys.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxBodyBytes = 4096;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

base::Result<std::int64_t> FindSensor(const Catalog& catalog, const std::string& name) {
  std::int64_t id = 0;
  const SqlValue values[] = {name};
  TAPIARY_TRY(
      catalog.QuickQuery("SELECT id FROM sensors WHERE name = ?", values, [&id](const SqlRow& row) {
        id = row.Int(0);
        return false;
      }));
  if (id != 0) return id;
  return base::MakeError(base::ErrorCode::kNotFound, "there is no sensor with this name");
}

base::Result<std::string> SensorOf(const Request& request) {
  auto name = base::UnescapeBytes(request.path_params.at("id"));
  if (name) return name;
  return base::MakeError(base::ErrorCode::kNotFound, "there is no sensor with this name");
}

base::Result<std::string> Keys(const ApiContext& context, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, ""));
  TAPIARY_ASSIGN(const std::string sensor, SensorOf(request));
  TAPIARY_ASSIGN(const std::int64_t id, FindSensor(context.catalog, sensor));
  TAPIARY_ASSIGN(const auto keys, SensorKeys(context.catalog, id));
  Json items = Json::array();
  for (const SensorKey& key : keys) {
    items.push_back(
        {{"key", base::ToHex(key.key)},
         {"state", key.state},
         {"first", base::FormatTime(key.first_ns)},
         {"decided", key.decided_ns == 0 ? Json() : Json(base::FormatTime(key.decided_ns))},
         {"decided_by", key.decided_ns == 0 ? Json() : Json(key.decided_by)}});
  }
  return Dump({{"sensor", base::EscapeBytes(sensor)}, {"items", std::move(items)}});
}

base::Result<KeyDecision> ReadDecision(const std::string& text) {
  const base::Error bad = base::MakeError(
      base::ErrorCode::kInvalid,
      R"(the body must be {"key": 64 hex digits, "state": "trusted" or "refused"})");
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.size() != 2 || !json.contains("key") || !json.contains("state") ||
      !json["key"].is_string() || !json["state"].is_string()) {
    return bad;
  }
  const auto key = base::FromHex(json["key"].get<std::string>());
  const auto state = json["state"].get<std::string>();
  KeyDecision decision;
  if (!key || key->size() != decision.key.size()) return bad;
  if (state != "trusted" && state != "refused") return bad;
  std::copy(key->begin(), key->end(), decision.key.begin());
  decision.trusted = state == "trusted";
  return decision;
}

base::Result<> Decide(const ApiContext& context, const Request& request, BodySource& body) {
  TAPIARY_TRY(CheckParameters(request, ""));
  TAPIARY_ASSIGN(const std::string text, ReadBody(body, kMaxBodyBytes));
  TAPIARY_ASSIGN(KeyDecision decision, ReadDecision(text));
  TAPIARY_ASSIGN(decision.sensor, SensorOf(request));
  decision.actor = ActorOf(request);
  return DecideKey(context.catalog, decision);
}

}  // namespace

std::vector<Route> SensorKeyRoutes(ApiContext context) {
  const auto list = [context](const Request& request, BodySource&) {
    auto json = Keys(context, request);
    return json ? JsonResponse(200, std::move(*json)) : ProblemFor(json.error());
  };
  const auto decide = [context](const Request& request, BodySource& body) {
    const auto decided = Decide(context, request, body);
    return decided ? JsonResponse(200, R"({"result":"decided"})") : ProblemFor(decided.error());
  };
  return {{.method = "GET",
           .pattern = "/api/v1/sensors/{id}/keys",
           .scope = Scope::kViewer,
           .handler = list,
           .max_body_bytes = 0},
          {.method = "POST",
           .pattern = "/api/v1/sensors/{id}/keys",
           .scope = Scope::kAdmin,
           .handler = decide,
           .max_body_bytes = kMaxBodyBytes}};
}

}  // namespace tapiary::server
