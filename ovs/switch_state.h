// What Open vSwitch has now: bridges, ports, mirrors, with references by UUID resolved. Values,
// read in one transaction; old the moment they are returned.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ovs/vsctl.h"

namespace tapiary::ovs {

// Rows that Tapiary made carry external_ids owner=tapiary and tapiary-set=NAME, NAME being the
// `name` of the YAML file. All other rows are foreign: read, never changed.
inline constexpr std::string_view kOwnerKey = "owner";
inline constexpr std::string_view kOwner = "tapiary";
inline constexpr std::string_view kSetKey = "tapiary-set";

using ExternalIds = std::map<std::string, std::string>;

struct PortState {
  std::string uuid;
  std::string name;
  std::string bridge;          // "" when no bridge holds it
  std::string type;            // of its interface: "" is a system device, "internal", "patch", ...
  std::size_t interfaces = 0;  // more than 1: a bond
  std::string error;           // why ovs-vswitchd could not open it
  std::vector<std::string> tags;  // tag and trunks
  std::string vlan_mode;
  bool used_by_guest = false;  // a virtual machine or container manager marked it as its own
  std::uint64_t received = 0;  // packets that came into the switch from it
  ExternalIds external_ids;
};

struct MirrorState {
  std::string uuid;
  std::string name;
  std::string bridge;
  bool select_all = false;
  std::vector<std::string> select_src_ports;  // UUIDs, sorted; weak references: may have shrunk
  std::vector<std::string> select_dst_ports;
  std::vector<std::string> select_vlans;  // sorted
  std::string output_port;                // UUID, or "" (lost, or an output VLAN)
  std::string output_vlan;
  std::string snaplen;
  std::optional<std::uint64_t> sent_packets;  // absent: ovs-vswitchd has not accepted it (yet)
  ExternalIds external_ids;
};

struct BridgeState {
  std::string uuid;
  std::string name;
  std::string datapath_type;  // "" or "system": kernel; "netdev": userspace
  std::size_t mirrors = 0;
  ExternalIds external_ids;
  bool running = true;  // ovs-vswitchd made it; false when it could not
};

struct SwitchState {
  std::vector<BridgeState> bridges;
  std::vector<PortState> ports;
  std::vector<MirrorState> mirrors;

  [[nodiscard]] const BridgeState* FindBridge(std::string_view name) const;
  [[nodiscard]] const PortState* FindPort(std::string_view name) const;
  [[nodiscard]] const PortState* FindPortByUuid(std::string_view uuid) const;
};

// Errors are those of Vsctl::ReadTables.
base::Result<SwitchState> ReadSwitchState(const Vsctl& vsctl, bool after_timeout = false);

// True when the row carries our marks for `set`; with an empty set, our mark for any set.
bool IsOurs(const ExternalIds& external_ids, std::string_view set);
// "external_ids:owner=tapiary", "external_ids:tapiary-set=SET": for ovs-vsctl.
std::vector<std::string> OwnerMarks(std::string_view set);

}  // namespace tapiary::ovs
