#include "server/api/api.h"

#include <functional>

#include "server/api/audit.h"
#include "server/api/case.h"
#include "server/api/completeness.h"
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
#include "server/audit/audited.h"
#include "server/catalog/catalog.h"
#include "server/query/reference.h"
#include "server/vault/vault.h"

namespace tapiary::server {
namespace {

using ApiHandler = std::function<Response(const ApiContext&, const Request&)>;

struct TableRow {
  const char* pattern;
  ApiHandler handler;
  AccessKind kind;
};

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
  const TableRow table[] = {
      {"/api/v1/flows", List(ListKind::kFlows), AccessKind::kSearch},
      {"/api/v1/flows/histogram", HandleHistogram, AccessKind::kSearch},
      {"/api/v1/flows/{id}", Plain(HandleFlow), AccessKind::kView},
      {"/api/v1/flows/top", Top(ListKind::kFlows), AccessKind::kSearch},
      {"/api/v1/transactions/top", Top(ListKind::kTransactions), AccessKind::kSearch},
      {"/api/v1/commands/top", Top(ListKind::kCommands), AccessKind::kSearch},
      {"/api/v1/events/top", Top(ListKind::kEvents), AccessKind::kSearch},
      {"/api/v1/flows/{id}/pcap", HandleFlowPcap, AccessKind::kDownload},
      {"/api/v1/flows/{id}/packets", HandleFlowPackets, AccessKind::kView},
      {"/api/v1/transactions", List(ListKind::kTransactions), AccessKind::kSearch},
      {"/api/v1/commands", List(ListKind::kCommands), AccessKind::kSearch},
      {"/api/v1/events", List(ListKind::kEvents), AccessKind::kSearch},
      {"/api/v1/events/{id}/flows", HandleEventFlows, AccessKind::kView},
      {"/api/v1/events/{id}/session", HandleEventSession, AccessKind::kView},
      {"/api/v1/events/quarantined", HandleQuarantined, AccessKind::kView},
      {"/api/v1/events/sessions", HandleEventSessions, AccessKind::kSearch},
      {"/api/v1/retention", HandleRetention, AccessKind::kNone},
      {"/api/v1/sensors", Plain(HandleSensors), AccessKind::kNone},
      {"/api/v1/sensors/{id}/ledger", Plain(HandleLedger), AccessKind::kNone},
      {"/api/v1/sensors/{id}/health", Plain(HandleHealth), AccessKind::kNone},
      {"/api/v1/pcap", HandlePcap, AccessKind::kDownload},
      {"/api/v1/segments/{id}", HandleSegment, AccessKind::kDownload},
      {"/api/v1/completeness", HandleCompleteness, AccessKind::kNone},
      {"/api/v1/keys", Plain(HandleKeys), AccessKind::kNone},
      {"/api/v1/filter/fields", Plain(HandleFields), AccessKind::kNone},
      {"/api/v1/filter/complete", HandleFilterComplete, AccessKind::kNone},
  };
  std::vector<Route> routes;
  for (const auto& [pattern, handler, kind] : table) {
    routes.push_back(Audited(
        {.method = "GET",
         .pattern = pattern,
         .scope = Scope::kViewer,
         .handler = [context, handler = handler](const Request& request,
                                                 BodySource&) { return handler(context, request); },
         .max_body_bytes = 0},
        kind, context.access_log));
  }
  routes.push_back(
      Audited({.method = "GET",
               .pattern = "/api/v1/case",
               .scope = Scope::kAnalyst,
               .handler = [context](const Request& request,
                                    BodySource&) { return HandleCase(context, request); },
               .max_body_bytes = 0},
              AccessKind::kDownload, context.access_log));
  for (Route& route : AuditRoutes(context)) {
    routes.push_back(Audited(std::move(route), AccessKind::kView, context.access_log));
  }
  for (Route& route : PinRoutes(context)) routes.push_back(std::move(route));
  for (Route& route : SensorKeyRoutes(context)) routes.push_back(std::move(route));
  return routes;
}

}  // namespace tapiary::server
