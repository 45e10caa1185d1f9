// What Open vSwitch would accept silently and then get wrong, found before it is asked. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "ovs/mirror.h"
#include "ovs/switch_state.h"

namespace tapiary::ovs {

// Marks of ports that Tapiary made: what a port is for.
inline constexpr std::string_view kRoleKey = "tapiary-role";
inline constexpr std::string_view kCaptureRole = "capture";
inline constexpr std::string_view kHostRole = "host";

// Which packets a mirror selects, ports by UUID.
struct Selection {
  bool all = false;
  std::vector<std::string> src_ports;
  std::vector<std::string> dst_ports;
  std::vector<std::string> vlans;  // empty: any
};

// True when one packet may be selected twice for the same reason: a shared port and direction, and
// a shared VLAN.
bool Overlap(const Selection& a, const Selection& b);

// Names, ranges and repetitions inside the file alone.
base::Result<> CheckSpecs(const MirrorSet& wanted);

// One mirror against the switch. `output` is null when the port is not in any bridge yet.
base::Result<> CheckOutputPort(const MirrorSpec& spec, const MirrorSet& wanted,
                               const SwitchState& state, const HostView& host, bool force);

// No two mirrors may share an output with overlapping selections, or with different snap lengths:
// Open vSwitch uses the first match only, which would cut or drop the other's packets.
base::Result<> CheckSharedOutputs(const MirrorSet& wanted, const SwitchState& state, bool force);

// The UUIDs of the named ports, sorted. kNotFound tells where the name is instead.
base::Result<std::vector<std::string>> ResolvePorts(const std::vector<std::string>& names,
                                                    const MirrorSpec& spec,
                                                    const SwitchState& state, const HostView& host);

}  // namespace tapiary::ovs
