// Alerts for /metrics: whether somebody should look, and whether telling works. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "server/catalog/catalog.h"

namespace tapiary::server {

// Text exposition format 0.0.4. Nothing while the catalog does not answer: absent is not zero.
std::string AlertMetrics(const Catalog& catalog, std::int64_t now_ns);

}  // namespace tapiary::server
