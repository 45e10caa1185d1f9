// A claim to some work that one collector at a time may do: a row in `leases` that runs out by
// itself. The holder asks again before that. Clocks of collectors may differ by seconds; what is
// done under a lease must not be wrong when two do it. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

// A name for this process' life.
std::string MakeLeaseHolder();
// True when the lease is the holder's until now + for_ns.
base::Result<bool> TakeLease(Catalog& catalog, std::string_view name, const std::string& holder,
                             std::int64_t now_ns, std::int64_t for_ns);
// Others need not wait for its end.
base::Result<> GiveBackLease(Catalog& catalog, std::string_view name, const std::string& holder);

}  // namespace tapiary::server
