// Names to addresses, for the delivery of alerts. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tapiary::server {

// The addresses of a host as numbers, in the order to try. kUnavailable when there are none now.
using AddressResolver =
    std::function<base::Result<std::vector<std::string>>(const std::string& host)>;
base::Result<std::vector<std::string>> ResolveAddresses(const std::string& host);

// Waits for `limit_ns` at most: a name server that does not answer holds up neither other targets
// nor a stop. The look-up is left to end in a thread of its own.
base::Result<std::vector<std::string>> ResolveFor(const AddressResolver& resolve,
                                                  const std::string& host, std::int64_t limit_ns);

}  // namespace tapiary::server
