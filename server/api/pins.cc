#include "server/api/pins.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/list_query.h"
#include "server/api/sensors.h"
#include "server/audit/actor.h"
#include "server/evidence/pins.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxBodyBytes = 16 << 10;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

base::Error Invalid(const std::string& what) {
  return base::MakeError(base::ErrorCode::kInvalid, what);
}

// Notes and actors are stored escaped; the sensor's name is not.
Json ItemOf(const Pin& pin) {
  const std::string sensor = base::EscapeBytes(pin.sensor);
  Json flow;
  if (pin.flow) flow = FlowText(pin);
  return {{"id", pin.id},
          {"sensor", sensor},
          {"flow", flow},
          {"from", base::FormatTime(pin.from_ns)},
          {"to", base::FormatTime(pin.to_ns)},
          {"note", pin.note},
          {"actor", pin.actor},
          {"created", base::FormatTime(pin.created_ns)}};
}

// SENSOR.EPOCH.NUMBER; the sensor's name may have dots.
base::Result<> ReadFlowId(std::string_view id, Pin* pin) {
  const std::size_t last = id.rfind('.');
  const std::size_t middle = last == id.npos || last == 0 ? id.npos : id.rfind('.', last - 1);
  const auto flow = middle == id.npos ? std::nullopt : capture::ParseFlowId(id.substr(middle + 1));
  if (!flow || flow->epoch > INT64_MAX || flow->number > INT64_MAX) {
    return Invalid("flow: not a flow id (SENSOR.EPOCH.NUMBER)");
  }
  TAPIARY_ASSIGN(pin->sensor, base::UnescapeBytes(id.substr(0, middle)));
  pin->flow = flow;
  return {};
}

base::Result<std::string> TextOf(const Json& json, const char* name) {
  const auto member = json.find(name);
  if (member != json.end() && member->is_string()) return member->get<std::string>();
  return Invalid(std::string(name) + ": give a text");
}

base::Result<std::int64_t> TimeOf(const Json& json, const char* name) {
  TAPIARY_ASSIGN(const std::string text, TextOf(json, name));
  auto time = base::ParseTime(text);
  if (!time) return time.error().WithContext(name);
  return time;
}

base::Result<> CheckMembers(const Json& json) {
  const bool flow = json.contains("flow");
  for (const auto& [name, value] : json.items()) {
    const bool window = name == "sensor" || name == "from" || name == "to";
    if (name == "note" || name == "flow" || (window && !flow)) continue;
    return Invalid("'" + base::EscapeBytes(name) +
                   "': give {flow, note} or {sensor, from, to, note}");
  }
  return {};
}

base::Result<Pin> ReadPin(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Invalid("the body is no JSON object");
  TAPIARY_TRY(CheckMembers(json));
  Pin pin;
  TAPIARY_ASSIGN(pin.note, TextOf(json, "note"));
  if (json.contains("flow")) {
    TAPIARY_ASSIGN(const std::string id, TextOf(json, "flow"));
    TAPIARY_TRY(ReadFlowId(id, &pin));
    return pin;
  }
  TAPIARY_ASSIGN(const std::string sensor, TextOf(json, "sensor"));
  TAPIARY_ASSIGN(pin.sensor, base::UnescapeBytes(sensor));
  TAPIARY_ASSIGN(pin.from_ns, TimeOf(json, "from"));
  TAPIARY_ASSIGN(pin.to_ns, TimeOf(json, "to"));
  return pin;
}

base::Result<std::string> Pins(const ApiContext& context, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, "sensor limit after"));
  PinsQuery query;
  TAPIARY_ASSIGN(const std::int64_t limit,
                 ParseCount(request, "limit", 1, kMaxPageRows, kDefaultPageRows));
  TAPIARY_ASSIGN(query.before_id, ParseCount(request, "after", 1, INT64_MAX, INT64_MAX));
  if (const auto sensor = request.query.find("sensor"); sensor != request.query.end()) {
    TAPIARY_ASSIGN(query.sensor, base::UnescapeBytes(sensor->second));
    TAPIARY_TRY(CheckSensor(context.catalog, query.sensor));
  }
  query.limit = limit + 1;
  TAPIARY_ASSIGN(auto pins, ListPins(context.catalog, query));
  const bool more = static_cast<std::int64_t>(pins.size()) > limit;
  if (more) pins.pop_back();
  Json answer = {{"items", Json::array()}, {"next", nullptr}};
  for (const Pin& pin : pins) answer["items"].push_back(ItemOf(pin));
  if (more) answer["next"] = std::to_string(pins.back().id);
  return Dump(answer);
}

base::Result<std::string> MakePin(const ApiContext& context, const Request& request,
                                  BodySource& body) {
  TAPIARY_TRY(CheckParameters(request, ""));
  TAPIARY_ASSIGN(const std::string text, ReadBody(body, kMaxBodyBytes));
  TAPIARY_ASSIGN(Pin pin, ReadPin(text));
  TAPIARY_ASSIGN(pin, AddPin(context.catalog, std::move(pin), ActorOf(request)));
  pin.note = base::EscapeBytes(pin.note);
  pin.actor = base::EscapeBytes(pin.actor);
  return Dump(ItemOf(pin));
}

Response HandlePins(const ApiContext& context, const Request& request) {
  auto json = Pins(context, request);
  return json ? JsonResponse(200, std::move(*json)) : ProblemFor(json.error());
}

Response HandleNewPin(const ApiContext& context, const Request& request, BodySource& body) {
  auto json = MakePin(context, request, body);
  return json ? JsonResponse(201, std::move(*json)) : ProblemFor(json.error());
}

Response HandleRemovePin(const ApiContext& context, const Request& request) {
  if (const auto checked = CheckParameters(request, ""); !checked) {
    return ProblemFor(checked.error());
  }
  const std::string& text = request.path_params.at("id");
  std::int64_t id = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), id);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return Problem(404, "Not found", "there is no pin with this id");
  }
  const auto removed = RemovePin(context.catalog, id, ActorOf(request));
  return removed ? JsonResponse(200, R"({"result":"removed"})") : ProblemFor(removed.error());
}

}  // namespace

std::vector<Route> PinRoutes(ApiContext context) {
  return {{.method = "GET",
           .pattern = "/api/v1/pins",
           .scope = Scope::kViewer,
           .handler = [context](const Request& request,
                                BodySource&) { return HandlePins(context, request); },
           .max_body_bytes = 0},
          {.method = "POST",
           .pattern = "/api/v1/pins",
           .scope = Scope::kAnalyst,
           .handler = [context](const Request& request,
                                BodySource& body) { return HandleNewPin(context, request, body); },
           .max_body_bytes = kMaxBodyBytes},
          {.method = "DELETE",
           .pattern = "/api/v1/pins/{id}",
           .scope = Scope::kAnalyst,
           .handler = [context](const Request& request,
                                BodySource&) { return HandleRemovePin(context, request); },
           .max_body_bytes = 0}};
}

}  // namespace tapiary::server
