// A switch for the pure tests of planning: bridge br0 with ports br0, a, b and cap, bridge br1 with
// far, and a host on which nothing else exists.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ovs/mirror.h"

namespace tapiary::ovs {

class FakeHost : public HostView {
 public:
  [[nodiscard]] std::string Attachment(std::string_view interface) const override {
    const auto found = attachments.find(std::string(interface));
    return found == attachments.end() ? "" : found->second;
  }
  std::map<std::string, std::string> attachments;
};

inline PortState MakePort(const std::string& name, const std::string& bridge) {
  PortState port;
  port.uuid = "u-" + name;
  port.name = name;
  port.bridge = bridge;
  port.interfaces = 1;
  return port;
}

inline SwitchState MakeState() {
  SwitchState state;
  state.bridges = {{"u-br0", "br0", "netdev", 0, {}}, {"u-br1", "br1", "netdev", 0, {}}};
  for (const char* name : {"br0", "a", "b", "cap"}) state.ports.push_back(MakePort(name, "br0"));
  state.ports.push_back(MakePort("far", "br1"));
  return state;
}

inline PortState& PortOf(SwitchState* state, const std::string& name) {
  for (PortState& port : state->ports) {
    if (port.name == name) return port;
  }
  std::abort();
}

inline MirrorSpec MakeSpec(const std::string& name, const std::vector<std::string>& ports,
                           const std::string& output = "cap") {
  MirrorSpec spec;
  spec.name = name;
  spec.bridge = "br0";
  spec.ingress_ports = ports;
  spec.egress_ports = ports;
  spec.output_port = output;
  return spec;
}

// The row that applying `spec` makes, with our marks for `set`; "" makes it foreign.
inline MirrorState MakeRow(const MirrorSpec& spec, const std::string& set) {
  MirrorState row;
  row.uuid = "u-mirror-" + spec.name;
  row.name = spec.name;
  row.bridge = spec.bridge;
  row.select_all = spec.select_all;
  for (const auto& port : spec.ingress_ports) row.select_src_ports.push_back("u-" + port);
  for (const auto& port : spec.egress_ports) row.select_dst_ports.push_back("u-" + port);
  row.output_port = "u-" + spec.output_port;
  if (!set.empty()) row.external_ids = {{"owner", "tapiary"}, {"tapiary-set", set}};
  return row;
}

inline void AddRow(SwitchState* state, MirrorState row) {
  state->mirrors.push_back(std::move(row));
  state->bridges[0].mirrors++;
}

}  // namespace tapiary::ovs
