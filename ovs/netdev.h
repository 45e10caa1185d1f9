// Links of a testbed: veth pairs through iproute2, offloads through the ethtool ioctl.
//
// Ownership is told by the links themselves, so that it survives kill -9 at any point: the alias
// "tapiary:TESTBED", and, for the moment between creation and alias, an address derived from
// testbed and name. Functions act in the calling thread's network namespace unless they take one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tapiary::ovs {

struct LinkInfo {
  std::string name;
  std::string mac;
  std::string alias;
  std::string master;       // "" when attached to none
  std::string master_kind;  // "bridge", "bond", ...
  int mtu = 0;
  bool up = false;
  std::uint64_t sent = 0;      // packets that left through it
  std::uint64_t received = 0;  // packets that came in
};

// `network_namespace` "": the present one.
base::Result<std::vector<LinkInfo>> ListLinks(const std::string& network_namespace);

std::string LinkMark(std::string_view testbed);  // "tapiary:TESTBED"
// A stable, locally administered unicast address: aa:54:xx:xx:xx:xx.
std::string MarkMac(std::string_view testbed, std::string_view link);
bool IsOurLink(const LinkInfo& link, std::string_view testbed);

struct VethEnd {
  std::string name;
  std::string mac;
  std::string network_namespace;  // "": the present one
};

// Makes the pair with `mtu` on both ends, down; the first end, which must be in the present
// namespace, is marked for `testbed`.
base::Result<> MakeVeth(const VethEnd& first, const VethEnd& second, int mtu,
                        std::string_view testbed);
base::Result<> DeleteLink(const std::string& name);
base::Result<> SetUp(const std::string& name, const std::string& network_namespace);

// Checksums finished and segments cut by the sender, so that what is captured is what a wire would
// carry, and the userspace datapath, which finishes neither, forwards whole packets.
base::Result<> DisableOffloads(const std::string& name);
// No IPv6 on it: no router solicitations, no neighbour discovery.
base::Result<> DisableIpv6(const std::string& name);
// A port that the host itself never talks on (field fault OV-03): no IPv6, ARP or multicast.
base::Result<> Silence(const std::string& name);

}  // namespace tapiary::ovs
