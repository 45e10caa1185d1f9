// The sensor's own uplink must not be captured and uploaded again, growing each round (HP-02): a
// filter that leaves out all present addresses of the collector, combined with the user's. Tagged
// frames too, because capture filters look behind VLAN tags (capture/source/bpf.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "uplink/http_client.h"

namespace tapiary::uplink {

// The addresses of a host, as text, sorted, each once. kUnavailable when the name has none now.
base::Result<std::vector<std::string>> ResolveHost(const HostPort& host);

using Resolver = std::function<base::Result<std::vector<std::string>>(const HostPort& host)>;
// The same, but waits for `limit_ns` at most: a DNS server that does not answer must hold up
// neither capture nor a stop. kUnavailable then; `resolve` is left to end in a thread of its own,
// so it may use nothing but its arguments.
base::Result<std::vector<std::string>> ResolveWithin(const HostPort& host, std::int64_t limit_ns,
                                                     Resolver resolve = ResolveHost);

// "not (tcp port P and (host A or host B)) and (USER)"; `user` alone when there are no addresses.
std::string ExcludeUplink(const std::string& user, const std::vector<std::string>& addresses,
                          std::uint16_t port);

}  // namespace tapiary::uplink
