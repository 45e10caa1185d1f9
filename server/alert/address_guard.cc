#include "server/alert/address_guard.h"

#include <algorithm>
#include <span>

#include "base/text.h"
#include "capture/records.h"
#include "server/query/field.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

struct Range {
  const char* network;
  const char* what;
};

constexpr Range kSpecialIpv4[] = {
    {"0.0.0.0/8", "this network"},        {"10.0.0.0/8", "private"},
    {"100.64.0.0/10", "shared"},          {"127.0.0.0/8", "loopback"},
    {"169.254.0.0/16", "link-local"},     {"172.16.0.0/12", "private"},
    {"192.0.0.0/24", "special"},          {"192.0.2.0/24", "documentation"},
    {"192.31.196.0/24", "special"},       {"192.52.193.0/24", "special"},
    {"192.88.99.0/24", "special"},        {"192.168.0.0/16", "private"},
    {"192.175.48.0/24", "special"},       {"198.18.0.0/15", "benchmarking"},
    {"198.51.100.0/24", "documentation"}, {"203.0.113.0/24", "documentation"},
    {"224.0.0.0/4", "multicast"},         {"240.0.0.0/4", "reserved"},
};

// Of IPv6 only 2000::/3 is handed out; these are the parts of it that are special.
constexpr const char* kGlobalIpv6 = "2000::/3";
constexpr Range kSpecialIpv6[] = {
    {"2001::/23", "special"},         {"2001:db8::/32", "documentation"}, {"2002::/16", "6to4"},
    {"2620:4f:8000::/48", "special"}, {"3fff::/20", "documentation"},
};

FilterValue ParseNetwork(std::string_view text) {
  const FilterField* const field = FindFilterField("ip.addr");
  const auto value = ParseFilterValue(*field, text, 0);
  return value ? *value : FilterValue{};
}

bool Within(const AddressKey& key, const FilterValue& network) {
  return network.address_low <= key && key <= network.address_high;
}

// The ranges are parsed once.
template <std::size_t N>
const char* SpecialOf(const AddressKey& key, const Range (&ranges)[N]) {
  static const std::vector<FilterValue> networks = [&ranges] {
    std::vector<FilterValue> parsed;
    for (const Range& range : ranges) parsed.push_back(ParseNetwork(range.network));
    return parsed;
  }();
  for (std::size_t i = 0; i < N; ++i) {
    if (Within(key, networks[i])) return ranges[i].what;
  }
  return nullptr;
}

base::Error Refused(std::string_view address, std::string_view why) {
  return base::MakeError(base::ErrorCode::kPermission, base::EscapeBytes(address) +
                                                           " is refused (" + std::string(why) +
                                                           "); alerts.allow can name its network");
}

}  // namespace

base::Result<AddressGuard> AddressGuard::Make(const std::vector<std::string>& networks) {
  AddressGuard guard;
  for (const std::string& text : networks) {
    const auto value = ParseFilterValue(*FindFilterField("ip.addr"), text, 0);
    if (!value) return value.error();
    guard.allowed_.push_back(*value);
  }
  return guard;
}

base::Result<> AddressGuard::Check(std::string_view address) const {
  const auto parsed = capture::ParseIpAddress(address);
  if (!parsed) return Refused(address, "no address");
  const AddressKey key = ToAddressKey(*parsed);
  const bool ipv6 = address.find(':') != address.npos;
  static const FilterValue mapped = ParseNetwork("0.0.0.0/0");
  // Checked first: allowing 10.0.0.0/8 must not allow what only looks like it.
  if (ipv6 && Within(key, mapped)) return Refused(address, "an IPv4 address in IPv6 form");
  const bool allowed = std::ranges::any_of(
      allowed_, [&key](const FilterValue& network) { return Within(key, network); });
  if (allowed) return {};
  const char* special = nullptr;
  if (ipv6) {
    static const FilterValue global = ParseNetwork(kGlobalIpv6);
    special = Within(key, global) ? SpecialOf(key, kSpecialIpv6) : "not a global address";
  } else {
    special = SpecialOf(key, kSpecialIpv4);
  }
  if (special != nullptr) return Refused(address, special);
  return {};
}

}  // namespace tapiary::server
