// Offloads: what an interface does to frames before a packet socket sees them (CAP-06).
//
// GRO and LRO glue received segments together, TSO and GSO show what this host sends before it is
// cut, VLAN offload takes tags out of the frame: what is captured is not what was on the wire.
// Asked once an interface by the ethtool ioctl (linux/ethtool.h); any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tapiary::capture {

struct Offload {
  std::string_view name;    // as `ethtool -K IFACE NAME off` has it
  std::string_view effect;  // on what is captured
};

// Those that are on. What the interface's driver does not tell of is off.
base::Result<std::vector<Offload>> EnabledOffloads(const std::string& interface);

// Its driver with version, as `ethtool -i` has it; "" when it does not tell.
std::string DriverOf(const std::string& interface);
// Name and release of this host's system (uname).
std::string HostSystem();

// The longest frame that an interface with this MTU has on the wire: two tags at most are not
// counted in it.
constexpr std::uint32_t LongestFrame(std::uint32_t mtu, bool ethernet) {
  constexpr std::uint32_t kEthernetHeader = 14;
  constexpr std::uint32_t kTwoTags = 8;
  if (mtu == 0 || mtu > UINT32_MAX - kEthernetHeader - kTwoTags) return UINT32_MAX;  // none known
  return ethernet ? mtu + kEthernetHeader + kTwoTags : mtu;
}

}  // namespace tapiary::capture
