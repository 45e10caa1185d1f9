// Which addresses a webhook may connect to: public ones, and networks that the configuration allows
// (CO-10). Pure; any thread.
//
// Private, loopback, link-local (with the clouds' metadata services), shared, documentation,
// multicast and other special ranges are refused, and so are IPv6 forms that hide an IPv4 address
// (mapped, NAT64, 6to4, Teredo). Source: the IANA special-purpose address registries (RFC 6890).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/query/filter.h"

namespace tapiary::server {

class AddressGuard {
 public:
  // `networks` are addresses or networks such as "10.1.0.0/16" that are allowed besides.
  static base::Result<AddressGuard> Make(const std::vector<std::string>& networks);
  // `address` as numbers, as getnameinfo writes it. kPermission says why not.
  [[nodiscard]] base::Result<> Check(std::string_view address) const;

 private:
  std::vector<FilterValue> allowed_;
};

}  // namespace tapiary::server
