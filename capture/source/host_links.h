// HostLinks: which interfaces and NICs this host has, who drives them, and what it needs itself.
//
// So that a person sees what can be captured from, and the sensor never takes the NIC over which
// the host is reached (DP-03). Reads sysfs and /proc/net below `root` ("" is this host, anything
// else a test's tree); changes nothing. Called at start and for lists, by any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tapiary::capture {

struct HostNic {
  std::string address;  // PCI
  std::string ids;      // "8086:1572"
  std::string driver;   // the bound one; empty: none
  std::vector<std::string> interfaces;
  std::string iommu_group;  // empty: none
  std::vector<std::string>
      blockers;     // "ADDRESS (DRIVER)" of the group that bar VFIO; empty: viable
  std::string use;  // what the host needs it for; empty: nothing known
};

struct HostInterface {
  std::string name;
  std::string state;    // operstate
  std::string driver;   // of the device behind it; empty for virtual ones
  std::string address;  // PCI; empty: none
  std::string use;
};

class HostLinks {
 public:
  // `uplinks` are addresses that must stay reachable, as text; anything else in it is ignored.
  HostLinks(std::string root, const std::vector<std::string>& uplinks);

  // "has the default route", "leads to the collector ADDRESS"; with "by UPPER" when a bridge, bond
  // or VLAN on top of it does. Empty: neither.
  [[nodiscard]] std::string UseOf(std::string_view interface) const;
  [[nodiscard]] std::vector<HostInterface> Interfaces() const;
  [[nodiscard]] std::vector<HostNic> Nics() const;
  // kNotFound when there is no such device.
  [[nodiscard]] base::Result<HostNic> Nic(const std::string& address) const;

 private:
  struct Use {
    std::string interface;
    std::string text;
  };
  void ReadRoutes(const std::vector<std::string>& uplinks);
  [[nodiscard]] std::string UseOf(std::string_view interface, int depth) const;

  std::string root_;
  std::vector<Use> uses_;
};

// A table of both, for --list-interfaces.
std::string DescribeLinks(const HostLinks& links);

}  // namespace tapiary::capture
