// The API of alerts: lists, acknowledgement, the live stream, messages and targets. Rules are in
// rule_routes.h. Reference: docs/api.md and docs/alerts.md. Any thread.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/alert/target.h"
#include "server/alert/target_trial.h"
#include "server/catalog/catalog.h"
#include "server/http/handler.h"

namespace tapiary::server {

inline constexpr Scope kMayChange = Scope::kAnalyst;

struct AlertRoutesContext {
  Catalog& catalog;
  std::vector<AlertTarget> targets;
  SenderMaker make_sender;            // for tests of targets
  const std::atomic<bool>& stopping;  // ends streams
};

// Reading for viewers, changing for analysts. Catalog and flag must outlive the routes.
std::vector<Route> AlertRoutes(AlertRoutesContext context);

// {"items": [...], "next": TEXT or null}; the items are JSON.
std::string PageJson(const std::vector<std::string>& items, const std::string& next);
// The {id} of a path. kNotFound for what is no number.
base::Result<std::int64_t> PathId(const Request& request);

}  // namespace tapiary::server
