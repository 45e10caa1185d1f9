// Probes: GET /healthz for load balancers, GET /metrics for Prometheus.
//
// Healthy means work is possible: the catalog answers and the vault's disk takes a write; the
// answer is kept for a few seconds, so that probing costs nothing. Any thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "server/catalog/catalog.h"
#include "server/http/handler.h"
#include "server/http/server.h"
#include "server/ingest/ingest.h"
#include "server/vault/vault.h"

namespace tapiary::server {

// Text exposition format 0.0.4.
std::string MetricsText(const HttpMetrics& http, const IngestMetrics& ingest);

struct ProbeContext {
  Catalog& catalog;
  Vault& vault;
  std::function<std::string()> metrics;  // the text
};
// /healthz is Scope::kPublic, /metrics Scope::kViewer.
std::vector<Route> ProbeRoutes(ProbeContext context);

}  // namespace tapiary::server
