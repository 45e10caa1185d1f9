// The key that a collector signs statements and cases with, and those that collectors of this
// catalog have signed with so far.
//
// Each collector has a file of its own (DATA/evidence.key, made at the first start), or several
// share one by configuration: every key that ever started on the catalog is listed, and a signature
// names its key. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "uplink/wire/signing.h"

namespace tapiary::server {

struct CollectorKey {
  uplink::PublicKey key{};
  std::int64_t first_ns = 0;
};

// Loads or makes the key and lists it.
base::Result<uplink::SigningKey> OpenCollectorKey(Catalog& catalog, const std::string& path);
// Oldest first.
base::Result<std::vector<CollectorKey>> CollectorKeys(const Catalog& catalog);

}  // namespace tapiary::server
