#include "server/api/api.h"

#include <functional>

#include "server/api/downloads.h"
#include "server/api/event_flows.h"
#include "server/api/event_session_view.h"
#include "server/api/event_sessions.h"
#include "server/api/filter_complete.h"
#include "server/api/histogram.h"
#include "server/api/list_query.h"
#include "server/api/lists.h"
#include "server/api/packets.h"
#include "server/api/pins.h"
#include "server/api/quarantine.h"
#include "server/api/retention.h"
#include "server/api/sensor_keys.h"
#include "server/api/sensors.h"
#include "server/api/top.h"
#include "server/catalog/catalog.h"
#include "server/query/reference.h"
#include "server/vault/vault.h"

namespace tapiary::server {
namespace {

using ApiHandler = std::function<Response(const ApiContext&, const Request&)>;

ApiHandler List(ListKind kind) {
  return [kind](const ApiContext& context, const Request& request) {
    return HandleList(context, kind, request);
  };
}

// For what takes no parameters.
ApiHandler Plain(ApiHandler handler) {
  return [handler = std::move(handler)](const ApiContext& context, const Request& request) {
    const auto none = CheckParameters(request, "");
    return none ? handler(context, request) : ProblemFor(none.error());
  };
}

ApiHandler Top(ListKind kind) {
  return [kind](const ApiContext& context, const Request& request) {
    return HandleTop(context, kind, request);
  };
}

Response HandleFields(const ApiContext&, const Request&) {
  return JsonResponse(200, FilterFieldsJson());
}

}  // namespace

std::vector<Route> ApiRoutes(ApiContext context) {
  const std::pair<const char*, ApiHandler> table[] = {
      {"/api/v1/flows", List(ListKind::kFlows)},
      {"/api/v1/flows/histogram", HandleHistogram},
      {"/api/v1/flows/{id}", Plain(HandleFlow)},
      {"/api/v1/flows/top", Top(ListKind::kFlows)},
      {"/api/v1/transactions/top", Top(ListKind::kTransactions)},
      {"/api/v1/commands/top", Top(ListKind::kCommands)},
      {"/api/v1/events/top", Top(ListKind::kEvents)},
      {"/api/v1/flows/{id}/pcap", HandleFlowPcap},
      {"/api/v1/flows/{id}/packets", HandleFlowPackets},
      {"/api/v1/transactions", List(ListKind::kTransactions)},
      {"/api/v1/commands", List(ListKind::kCommands)},
      {"/api/v1/events", List(ListKind::kEvents)},
      {"/api/v1/events/{id}/flows", HandleEventFlows},
      {"/api/v1/events/{id}/session", HandleEventSession},
      {"/api/v1/events/quarantined", HandleQuarantined},
      {"/api/v1/events/sessions", HandleEventSessions},
      {"/api/v1/retention", HandleRetention},
      {"/api/v1/sensors", Plain(HandleSensors)},
      {"/api/v1/sensors/{id}/ledger", Plain(HandleLedger)},
      {"/api/v1/sensors/{id}/health", Plain(HandleHealth)},
      {"/api/v1/pcap", HandlePcap},
      {"/api/v1/segments/{id}", HandleSegment},
      {"/api/v1/filter/fields", Plain(HandleFields)},
      {"/api/v1/filter/complete", HandleFilterComplete},
  };
  std::vector<Route> routes;
  for (const auto& [pattern, handler] : table) {
    routes.push_back(
        {.method = "GET",
         .pattern = pattern,
         .scope = Scope::kViewer,
         .handler = [context, handler](const Request& request,
                                       BodySource&) { return handler(context, request); },
         .max_body_bytes = 0});
  }
  for (Route& route : PinRoutes(context)) routes.push_back(std::move(route));
  for (Route& route : SensorKeyRoutes(context)) routes.push_back(std::move(route));
  return routes;
}

}  // namespace tapiary::server
