// Probes: GET /healthz for load balancers, GET /metrics for Prometheus.
//
// Healthy means work is possible: the catalog answers and the vault's disk takes a write; the
// answer is kept for a few seconds, so that probing costs nothing. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "server/catalog/catalog.h"
#include "server/http/handler.h"
#include "server/http/server.h"
#include "server/ingest/ingest.h"
#include "server/vault/vault.h"

namespace tapiary::server {

// Text exposition format 0.0.4. The certificate's end is left out when it is 0.
std::string MetricsText(const HttpMetrics& http, const IngestMetrics& ingest,
                        std::int64_t certificate_end_ns = 0);

struct ProbeContext {
  Catalog& catalog;
  Vault& vault;
  std::function<std::string()> metrics;  // the text
};
// /healthz is Scope::kPublic, /metrics Scope::kViewer.
std::vector<Route> ProbeRoutes(ProbeContext context);

}  // namespace tapiary::server
