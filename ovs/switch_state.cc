#include "ovs/switch_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tapiary::ovs {
namespace {

std::vector<std::string> Sorted(std::vector<std::string> items) {
  std::sort(items.begin(), items.end());
  return items;
}

std::optional<std::uint64_t> Number(const std::map<std::string, std::string>& map,
                                    const std::string& key) {
  const auto found = map.find(key);
  if (found == map.end()) return std::nullopt;
  std::uint64_t value = 0;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

const DbRow* FindRow(const std::vector<DbRow>& rows, const std::string& uuid) {
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const DbRow& row) { return row.at("_uuid").text() == uuid; });
  return found == rows.end() ? nullptr : &*found;
}

PortState ToPort(const DbRow& row, const std::vector<DbRow>& interfaces) {
  PortState port;
  port.uuid = row.at("_uuid").text();
  port.name = row.at("name").text();
  port.tags = row.at("tag").items;
  const Value& trunks = row.at("trunks");
  port.tags.insert(port.tags.end(), trunks.items.begin(), trunks.items.end());
  port.vlan_mode = row.at("vlan_mode").text();
  port.external_ids = row.at("external_ids").map;
  port.interfaces = row.at("interfaces").items.size();
  for (const std::string& uuid : row.at("interfaces").items) {
    const DbRow* interface = FindRow(interfaces, uuid);
    if (interface == nullptr) continue;
    port.type = interface->at("type").text();
    port.error = interface->at("error").text();
    port.received += Number(interface->at("statistics").map, "rx_packets").value_or(0);
    // Set by libvirt, OpenStack, OVN and container network plug-ins on the ports of their guests.
    const auto& ids = interface->at("external_ids").map;
    port.used_by_guest |= ids.contains("iface-id") || ids.contains("attached-mac");
  }
  return port;
}

MirrorState ToMirror(const DbRow& row) {
  MirrorState mirror;
  mirror.uuid = row.at("_uuid").text();
  mirror.name = row.at("name").text();
  mirror.select_all = row.at("select_all").text() == "true";
  mirror.select_src_ports = Sorted(row.at("select_src_port").items);
  mirror.select_dst_ports = Sorted(row.at("select_dst_port").items);
  mirror.select_vlans = Sorted(row.at("select_vlan").items);
  mirror.output_port = row.at("output_port").text();
  mirror.output_vlan = row.at("output_vlan").text();
  mirror.snaplen = row.at("snaplen").text();
  mirror.sent_packets = Number(row.at("statistics").map, "tx_packets");
  mirror.external_ids = row.at("external_ids").map;
  return mirror;
}

template <class Row>
void SetBridge(std::vector<Row>* rows, const std::vector<std::string>& uuids,
               const std::string& bridge) {
  for (Row& row : *rows) {
    if (std::find(uuids.begin(), uuids.end(), row.uuid) != uuids.end()) row.bridge = bridge;
  }
}

}  // namespace

const BridgeState* SwitchState::FindBridge(std::string_view name) const {
  const auto found = std::find_if(bridges.begin(), bridges.end(),
                                  [&](const BridgeState& bridge) { return bridge.name == name; });
  return found == bridges.end() ? nullptr : &*found;
}

const PortState* SwitchState::FindPort(std::string_view name) const {
  const auto found = std::find_if(ports.begin(), ports.end(),
                                  [&](const PortState& port) { return port.name == name; });
  return found == ports.end() ? nullptr : &*found;
}

const PortState* SwitchState::FindPortByUuid(std::string_view uuid) const {
  const auto found = std::find_if(ports.begin(), ports.end(),
                                  [&](const PortState& port) { return port.uuid == uuid; });
  return found == ports.end() ? nullptr : &*found;
}

base::Result<SwitchState> ReadSwitchState(const Vsctl& vsctl, bool after_timeout) {
  TAPIARY_ASSIGN(const auto tables,
                 vsctl.ReadTables({"Bridge", "Port", "Interface", "Mirror"}, after_timeout));
  SwitchState state;
  for (const DbRow& row : tables[1]) state.ports.push_back(ToPort(row, tables[2]));
  for (const DbRow& row : tables[3]) state.mirrors.push_back(ToMirror(row));
  for (const DbRow& row : tables[0]) {
    BridgeState bridge;
    bridge.uuid = row.at("_uuid").text();
    bridge.name = row.at("name").text();
    bridge.datapath_type = row.at("datapath_type").text();
    bridge.mirrors = row.at("mirrors").items.size();
    bridge.external_ids = row.at("external_ids").map;
    bridge.running = !row.at("datapath_id").text().empty();
    SetBridge(&state.ports, row.at("ports").items, bridge.name);
    SetBridge(&state.mirrors, row.at("mirrors").items, bridge.name);
    state.bridges.push_back(std::move(bridge));
  }
  return state;
}

bool IsOurs(const ExternalIds& external_ids, std::string_view set) {
  const auto owner = external_ids.find(std::string(kOwnerKey));
  if (owner == external_ids.end() || owner->second != kOwner) return false;
  if (set.empty()) return true;
  const auto found = external_ids.find(std::string(kSetKey));
  return found != external_ids.end() && found->second == set;
}

std::vector<std::string> OwnerMarks(std::string_view set) {
  return {fmt::format("external_ids:{}={}", kOwnerKey, kOwner),
          fmt::format("external_ids:{}={}", kSetKey, set)};
}

}  // namespace tapiary::ovs
