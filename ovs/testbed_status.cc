// Testbed::Status: the file's items against the system.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "ovs/mirror.h"
#include "ovs/netdev.h"
#include "ovs/netns.h"
#include "ovs/switch_state.h"
#include "ovs/testbed.h"

namespace tapiary::ovs {
namespace {

const LinkInfo* FindLink(const std::vector<LinkInfo>& links, const std::string& name) {
  const auto found = std::find_if(links.begin(), links.end(),
                                  [&](const LinkInfo& link) { return link.name == name; });
  return found == links.end() ? nullptr : &*found;
}

TestbedItem BridgeItem(const BridgeSpec& spec, const std::string& testbed,
                       const SwitchState& state) {
  TestbedItem item{"bridge", spec.name, ItemState::kAbsent, ""};
  const BridgeState* bridge = state.FindBridge(spec.name);
  if (bridge == nullptr) return item;
  item.state = IsOurs(bridge->external_ids, testbed) ? ItemState::kUp : ItemState::kForeign;
  if (!bridge->running && item.state == ItemState::kUp) {
    item.state = ItemState::kWrong;
    item.detail = "ovs-vswitchd could not make it";
    return item;
  }
  const auto ports = std::count_if(
      state.ports.begin(), state.ports.end(),
      [&](const PortState& port) { return port.bridge == spec.name && port.name != spec.name; });
  item.detail = fmt::format("{} datapath, {} ports",
                            bridge->datapath_type == "netdev" ? "userspace" : "kernel", ports);
  return item;
}

// What is missing of a host that has its namespace, or "".
std::string HostFault(const HostSpec& spec, const SwitchState& state,
                      const std::vector<LinkInfo>& links, std::size_t processes) {
  const PortState* port = state.FindPort(spec.port);
  if (FindLink(links, spec.port) == nullptr) return "interface " + spec.port + " is gone";
  if (port == nullptr || port->bridge != spec.bridge) {
    return fmt::format("port {} is not in bridge {}", spec.port, spec.bridge);
  }
  if (!port->error.empty()) return base::EscapeBytes(port->error);
  if (processes < spec.commands.size()) {
    return fmt::format("{} of {} programs run", processes, spec.commands.size());
  }
  const std::string address =
      spec.addresses.empty() ? "" : spec.addresses[0].substr(0, spec.addresses[0].find('/'));
  if (spec.ready_port && !AcceptsTcp(spec.network_namespace, address, *spec.ready_port)) {
    return fmt::format("port {} does not answer", *spec.ready_port);
  }
  return "";
}

TestbedItem HostItem(const HostSpec& spec, const std::string& testbed, const SwitchState& state,
                     const std::vector<LinkInfo>& links) {
  TestbedItem item{"host", spec.name, ItemState::kAbsent, ""};
  switch (OwnerOf(spec.network_namespace, testbed)) {
    case NamespaceOwner::kAbsent:
      return item;
    case NamespaceOwner::kForeign:
      item.state = ItemState::kForeign;
      item.detail = "namespace " + spec.network_namespace;
      return item;
    case NamespaceOwner::kUnfinished:
      item.state = ItemState::kWrong;
      item.detail = "namespace " + spec.network_namespace + " is unfinished";
      return item;
    case NamespaceOwner::kOurs:
      break;
  }
  const std::size_t processes = ProcessesIn(spec.network_namespace).size();
  const std::string fault = HostFault(spec, state, links, processes);
  item.state = fault.empty() ? ItemState::kUp : ItemState::kWrong;
  item.detail = fault.empty()
                    ? fmt::format("{} in namespace {}, {} processes",
                                  fmt::join(spec.addresses, " "), spec.network_namespace, processes)
                    : fault;
  return item;
}

TestbedItem CaptureItem(const CaptureSpec& spec, const std::string& testbed,
                        const std::vector<LinkInfo>& links) {
  TestbedItem item{"capture", spec.name, ItemState::kAbsent, ""};
  const LinkInfo* sensor = FindLink(links, spec.name);
  const LinkInfo* port = FindLink(links, spec.port);
  if (sensor == nullptr || port == nullptr) return item;
  if (!IsOurLink(*sensor, testbed)) {
    item.state = ItemState::kForeign;
    return item;
  }
  const bool good = sensor->up && port->up && sensor->sent == 0;
  item.state = good ? ItemState::kUp : ItemState::kWrong;
  item.detail =
      sensor->sent > 0
          ? fmt::format("the host talks on it: {} packets sent", sensor->sent)
          : fmt::format("{}, {} packets received", good ? "silent" : "down", sensor->received);
  return item;
}

TestbedItem MirrorItem(const MirrorSpec& spec, const MirrorSet& all, const SwitchState& state) {
  TestbedItem item{"mirror", spec.name, ItemState::kAbsent, ""};
  const MirrorSet one{all.set, {spec}};
  const auto plan = PlanMirrors(one, state, SystemHostView(), /*force=*/true);
  if (!plan) {
    item.detail = plan.error().message;
    return item;
  }
  const auto change = std::find_if(plan->changes.begin(), plan->changes.end(), [&](const auto& c) {
    return c.name == spec.name && c.kind != ChangeKind::kAddPort;
  });
  if (change == plan->changes.end() || change->kind == ChangeKind::kCreate) return item;
  item.state = change->kind == ChangeKind::kKeep ? ItemState::kUp : ItemState::kWrong;
  item.detail = change->reason;
  for (const MirrorState& mirror : state.mirrors) {
    if (mirror.name != spec.name || mirror.bridge != spec.bridge || !item.detail.empty()) continue;
    if (!mirror.sent_packets) item.state = ItemState::kWrong;
    item.detail = mirror.sent_packets
                      ? fmt::format("{} packets sent to {}", *mirror.sent_packets, spec.output_port)
                      : "not accepted by ovs-vswitchd";
  }
  return item;
}

}  // namespace

std::string_view ToString(ItemState state) {
  switch (state) {
    case ItemState::kUp:
      return "up";
    case ItemState::kAbsent:
      return "absent";
    case ItemState::kForeign:
      return "foreign";
    case ItemState::kWrong:
      return "wrong";
  }
  return "?";
}

base::Result<std::vector<TestbedItem>> Testbed::Status() const {
  TAPIARY_ASSIGN(const SwitchState state, ReadSwitchState(vsctl_));
  TAPIARY_ASSIGN(const auto links, ListLinks(""));
  std::vector<TestbedItem> items;
  for (const auto& bridge : spec_.bridges) items.push_back(BridgeItem(bridge, spec_.name, state));
  for (const auto& host : spec_.hosts) {
    items.push_back(HostItem(host, spec_.name, state, links));
  }
  for (const auto& capture : spec_.captures) {
    items.push_back(CaptureItem(capture, spec_.name, links));
  }
  for (const auto& mirror : spec_.mirrors.mirrors) {
    items.push_back(MirrorItem(mirror, spec_.mirrors, state));
  }
  return items;
}

}  // namespace tapiary::ovs
