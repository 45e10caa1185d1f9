#include "server/api/event_flows.h"

#include "server/api/event_search.h"
#include "server/api/event_view.h"
#include "server/api/list_query.h"

namespace tapiary::server {
namespace {

base::Result<std::string> Answer(const Catalog& catalog, std::int64_t id) {
  TAPIARY_ASSIGN(const StoredEvent event, FindEvent(catalog, id));
  bool partial = false;
  TAPIARY_ASSIGN(const Links links, LinksOf(catalog, event, &partial));
  Json flows = Json::array();
  for (const LinkFlow& flow : links.flows) flows.push_back(LinkJson(flow));
  const Json answer{{"event", event.id},
                    {"state", ToString(links.state)},
                    {"time", event.time_kind},
                    {"port_of_session", event.port_of_session},
                    {"clock", ClockJson(event.clock)},
                    {"flows", std::move(flows)},
                    {"partial", partial}};
  return DumpJson(answer);
}

}  // namespace

Response HandleEventFlows(const ApiContext& context, const Request& request) {
  const auto checked = CheckParameters(request, "");
  if (!checked) return ProblemFor(checked.error());
  const auto id = ParseEventId(request);
  if (!id) return ProblemFor(id.error());
  auto answer = Answer(context.catalog, *id);
  return answer ? JsonResponse(200, std::move(*answer)) : ProblemFor(answer.error());
}

}  // namespace tapiary::server
