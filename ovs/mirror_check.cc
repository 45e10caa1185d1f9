#include "ovs/mirror_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "ovs/name.h"

namespace tapiary::ovs {
namespace {

using base::ErrorCode;

base::Error Wrong(ErrorCode code, const MirrorSpec& spec, std::string message) {
  return base::MakeError(code, fmt::format("mirror \"{}\": {}", spec.name, message));
}

bool Intersect(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& item) {
    return std::find(b.begin(), b.end(), item) != b.end();
  });
}

base::Result<> CheckSpec(const MirrorSpec& spec) {
  TAPIARY_TRY(CheckName("mirror", spec.name, kMaxName));
  TAPIARY_TRY(CheckInterfaceName("bridge", spec.bridge));
  TAPIARY_TRY(CheckInterfaceName("output port", spec.output_port));
  for (const auto* ports : {&spec.ingress_ports, &spec.egress_ports}) {
    for (const std::string& port : *ports) {
      TAPIARY_TRY(CheckName("port", port, kMaxName));
      if (port == spec.output_port) {
        return Wrong(ErrorCode::kInvalid, spec, fmt::format("port {} is its own output", port));
      }
    }
  }
  if (!spec.select_all && spec.ingress_ports.empty() && spec.egress_ports.empty()) {
    return Wrong(ErrorCode::kInvalid, spec, "selects nothing: give ports, ingress, egress or all");
  }
  for (const int vlan : spec.vlans) {
    if (vlan < 0 || vlan > 4095) {
      return Wrong(ErrorCode::kInvalid, spec, fmt::format("VLAN {} is not in 0-4095", vlan));
    }
  }
  if (spec.snap_length &&
      (*spec.snap_length < kMinSnapLength || *spec.snap_length > kMaxSnapLength)) {
    return Wrong(ErrorCode::kInvalid, spec,
                 fmt::format("snap_length {} is not in {}-{} bytes", *spec.snap_length,
                             kMinSnapLength, kMaxSnapLength));
  }
  return {};
}

// What cannot work, whatever the operator says.
base::Result<> CheckPossible(const MirrorSpec& spec, const PortState& port) {
  if (port.bridge != spec.bridge) {
    return Wrong(ErrorCode::kConflict, spec,
                 fmt::format("output port {} is in bridge {}, not in {}", port.name, port.bridge,
                             spec.bridge));
  }
  if (port.name == spec.bridge) {
    return Wrong(ErrorCode::kConflict, spec,
                 fmt::format("output port {} is the bridge's own port", port.name));
  }
  if (port.interfaces != 1) {
    return Wrong(
        ErrorCode::kConflict, spec,
        fmt::format("output port {} is a bond of {} interfaces", port.name, port.interfaces));
  }
  // A sensor captures with AF_PACKET: it sees kernel devices only (OV-09).
  static constexpr std::array<std::string_view, 4> kKernelTypes = {"", "system", "internal", "tap"};
  if (std::find(kKernelTypes.begin(), kKernelTypes.end(), port.type) == kKernelTypes.end()) {
    return Wrong(ErrorCode::kConflict, spec,
                 fmt::format("output port {} has type {}: it is no device that a sensor can "
                             "capture from",
                             port.name, port.type));
  }
  return {};
}

// What would cut somebody off or alter the copies, unless the operator knows better.
std::string Doubt(const PortState& port, bool is_output_already) {
  if (!port.tags.empty() || port.vlan_mode == "access" || port.vlan_mode == "native-tagged" ||
      port.vlan_mode == "native-untagged") {
    return "has a VLAN tag or trunk list, which alters the copies";
  }
  const auto role = port.external_ids.find(std::string(kRoleKey));
  if (port.used_by_guest || (role != port.external_ids.end() && role->second == kHostRole)) {
    return "belongs to a host, which a mirror would cut off";
  }
  if (!is_output_already && !IsOurs(port.external_ids, "") && port.received > 0) {
    return fmt::format(
        "has sent {} packets into the switch: it carries traffic, which a mirror "
        "would cut off",
        port.received);
  }
  return "";
}

Selection ToSelection(const MirrorState& mirror) {
  return {mirror.select_all, mirror.select_src_ports, mirror.select_dst_ports, mirror.select_vlans};
}

Selection ToSelection(const MirrorSpec& spec, const SwitchState& state) {
  Selection selection;
  selection.all = spec.select_all;
  for (const auto& [names, uuids] : {std::pair{&spec.ingress_ports, &selection.src_ports},
                                     std::pair{&spec.egress_ports, &selection.dst_ports}}) {
    for (const std::string& name : *names) {
      const PortState* port = state.FindPort(name);
      if (port != nullptr) uuids->push_back(port->uuid);
    }
  }
  for (const int vlan : spec.vlans) selection.vlans.push_back(std::to_string(vlan));
  return selection;
}

}  // namespace

bool Overlap(const Selection& a, const Selection& b) {
  const bool vlans = a.vlans.empty() || b.vlans.empty() || Intersect(a.vlans, b.vlans);
  const bool ports =
      a.all || b.all || Intersect(a.src_ports, b.src_ports) || Intersect(a.dst_ports, b.dst_ports);
  return vlans && ports;
}

base::Result<> CheckSpecs(const MirrorSet& wanted) {
  TAPIARY_TRY(CheckName("name", wanted.set, kMaxName));
  std::set<std::string> names;
  for (const MirrorSpec& spec : wanted.mirrors) {
    TAPIARY_TRY(CheckSpec(spec));
    if (!names.insert(spec.name).second) {
      return Wrong(ErrorCode::kInvalid, spec, "the name is there twice");
    }
  }
  return {};
}

base::Result<> CheckOutputPort(const MirrorSpec& spec, const MirrorSet& wanted,
                               const SwitchState& state, const HostView& host, bool force) {
  const PortState* port = state.FindPort(spec.output_port);
  if (port == nullptr) {
    const std::string where = host.Attachment(spec.output_port);
    if (where.empty()) {
      return Wrong(ErrorCode::kNotFound, spec,
                   fmt::format("there is no output port {}", spec.output_port));
    }
    if (where == kNoBridge) return {};
    return Wrong(ErrorCode::kConflict, spec,
                 fmt::format("output port {} is attached to {}, not to {}", spec.output_port, where,
                             spec.bridge));
  }
  TAPIARY_TRY(CheckPossible(spec, *port));
  const bool is_output =
      std::any_of(state.mirrors.begin(), state.mirrors.end(), [&](const MirrorState& mirror) {
        return mirror.output_port == port->uuid && IsOurs(mirror.external_ids, wanted.set);
      });
  const std::string doubt = Doubt(*port, is_output);
  if (doubt.empty() || force) return {};
  return Wrong(ErrorCode::kConflict, spec,
               fmt::format("output port {} {} (--force allows it)", port->name, doubt));
}

base::Result<> CheckSharedOutputs(const MirrorSet& wanted, const SwitchState& state, bool force) {
  if (force) return {};
  for (std::size_t i = 0; i < wanted.mirrors.size(); ++i) {
    const MirrorSpec& spec = wanted.mirrors[i];
    const Selection selection = ToSelection(spec, state);
    const std::string snap = spec.snap_length ? std::to_string(*spec.snap_length) : "";
    const auto refuse = [&](const std::string& other, bool overlap) {
      return Wrong(
          ErrorCode::kConflict, spec,
          fmt::format("mirror \"{}\" has the same output port {} and {} (--force allows it)", other,
                      spec.output_port,
                      overlap ? "selects some of the same packets" : "another snap length"));
    };
    for (std::size_t j = 0; j < i; ++j) {
      const MirrorSpec& other = wanted.mirrors[j];
      if (other.output_port != spec.output_port) continue;
      const bool overlap = Overlap(selection, ToSelection(other, state));
      if (overlap || other.snap_length != spec.snap_length) return refuse(other.name, overlap);
    }
    const PortState* output = state.FindPort(spec.output_port);
    for (const MirrorState& other : state.mirrors) {
      const bool shared = output != nullptr && other.output_port == output->uuid;
      if (!shared || IsOurs(other.external_ids, wanted.set)) continue;
      const bool overlap = Overlap(selection, ToSelection(other));
      if (overlap || other.snaplen != snap) return refuse(other.name, overlap);
    }
  }
  return {};
}

base::Result<std::vector<std::string>> ResolvePorts(const std::vector<std::string>& names,
                                                    const MirrorSpec& spec,
                                                    const SwitchState& state,
                                                    const HostView& host) {
  std::set<std::string> uuids;
  for (const std::string& name : names) {
    const PortState* port = state.FindPort(name);
    if (port != nullptr && port->bridge == spec.bridge) {
      uuids.insert(port->uuid);
      continue;
    }
    std::string where = port != nullptr ? "bridge " + port->bridge : host.Attachment(name);
    where = where.empty() ? "there is no such interface" : "it is in " + where;
    return Wrong(ErrorCode::kNotFound, spec,
                 fmt::format("bridge {} has no port {}: {}", spec.bridge, name, where));
  }
  return std::vector<std::string>(uuids.begin(), uuids.end());
}

}  // namespace tapiary::ovs
