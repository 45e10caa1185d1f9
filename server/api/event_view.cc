#include "server/api/event_view.h"

#include <charconv>

namespace tapiary::server {
namespace {

double Seconds(std::int64_t nanos) {
  return static_cast<double>(nanos) / 1e9;
}

Json EndJson(const capture::IpAddress& ip, std::uint16_t port, std::int64_t bytes) {
  return {{"ip", ip.version == 0 ? Json() : Json(ip.ToString())}, {"port", port}, {"bytes", bytes}};
}

}  // namespace

std::string DumpJson(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void AppendMember(std::string_view name, std::string_view value, std::string& object) {
  object.pop_back();
  if (object.size() > 1) object += ',';
  object += DumpJson(Json(name));
  object += ':';
  object += value;
  object += '}';
}

Json LinkJson(const LinkFlow& flow) {
  return {{"id", flow.id},
          {"start", base::FormatTime(flow.start_ns)},
          {"end", base::FormatTime(flow.end_ns)},
          {"orig", EndJson(flow.orig_ip, flow.orig_port, flow.orig_bytes)},
          {"resp", EndJson(flow.resp_ip, flow.resp_port, flow.resp_bytes)},
          {"service", flow.service.empty() ? Json() : Json(flow.service)},
          {"community_id", flow.community_id},
          {"transactions", flow.transactions},
          {"commands", flow.commands},
          {"agrees", flow.agrees},
          {"differs", flow.differs},
          {"clock_offset", Seconds(flow.offset_ns)}};
}

Json ClockJson(const EventClock& clock) {
  if (clock.samples == 0) return {};
  return {{"offset", Seconds(clock.offset_ns)},
          {"spread", Seconds(clock.spread_ns)},
          {"samples", clock.samples},
          {"last", base::FormatTime(clock.last_ns)},
          {"used", clock.Known()}};
}

base::Result<std::int64_t> ParseEventId(const Request& request) {
  const std::string& text = request.path_params.at("id");
  std::int64_t id = 0;
  const char* last = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), last, id);
  if (error == std::errc() && stop == last && id >= 1) return id;
  return base::MakeError(base::ErrorCode::kInvalid, "the id of an event is a number");
}

}  // namespace tapiary::server
