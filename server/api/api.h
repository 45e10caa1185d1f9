// The read API: what analysts ask the collector for, as routes over catalog and vault.
//
// Handlers are stateless and run on any thread of the server's pool. Every list has a time window
// and a page size, every query a time limit (CO-13). Reference: docs/api.md.
#pragma once

#include <vector>

#include "server/http/handler.h"

namespace tapiary::uplink {
class SigningKey;
}

namespace tapiary::server {

class AccessLog;
class Catalog;
class DiskWatch;
class HostNames;
class Sharkd;
class Vault;

// All must outlive the routes made from it.
struct ApiContext {
  Catalog& catalog;
  Vault& vault;
  Sharkd* sharkd = nullptr;                 // none: no dissection
  AccessLog* access_log = nullptr;          // none: nobody writes down who asked
  const uplink::SigningKey* key = nullptr;  // the collector's; none: nothing is signed
  const HostNames* names = nullptr;         // of hosts, for captures; none: no names
  const DiskWatch* disks = nullptr;         // none: nobody is told that one is full
};

// What shows captured things is in the audit, by a wrapper here (server/audit/audited.h).
std::vector<Route> ApiRoutes(ApiContext context);

}  // namespace tapiary::server
