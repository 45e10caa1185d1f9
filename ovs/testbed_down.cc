// Testbed::Down: finds what carries the testbed's marks and removes it.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "ovs/mirror.h"
#include "ovs/netdev.h"
#include "ovs/netns.h"
#include "ovs/switch_state.h"
#include "ovs/testbed.h"

namespace tapiary::ovs {
namespace {

// Bridges of the testbed with all that is in them; elsewhere its mirrors and ports.
std::vector<VsctlCommand> Removals(const SwitchState& state, const std::string& testbed) {
  std::vector<VsctlCommand> commands;
  const auto goes_with_bridge = [&](const std::string& name) {
    const BridgeState* bridge = state.FindBridge(name);
    return bridge == nullptr || IsOurs(bridge->external_ids, testbed);
  };
  for (const MirrorState& mirror : state.mirrors) {
    if (!IsOurs(mirror.external_ids, testbed) || goes_with_bridge(mirror.bridge)) continue;
    commands.push_back({"remove", "Bridge", mirror.bridge, "mirrors", mirror.uuid});
  }
  for (const PortState& port : state.ports) {
    if (!IsOurs(port.external_ids, testbed) || goes_with_bridge(port.bridge)) continue;
    commands.push_back({"--if-exists", "del-port", port.bridge, port.name});
  }
  for (const BridgeState& bridge : state.bridges) {
    if (!IsOurs(bridge.external_ids, testbed)) continue;
    commands.push_back({"--if-exists", "del-br", bridge.name});
  }
  return commands;
}

// Keeps the first error of several steps that are all tried.
class FirstError {
 public:
  void Add(const base::Result<>& result) {
    if (!result && result_) result_ = result.error();
  }
  [[nodiscard]] const base::Result<>& result() const { return result_; }

 private:
  base::Result<> result_;
};

}  // namespace

base::Result<> Testbed::Down() {
  FirstError errors;
  for (const std::string& name : OurNamespaces()) errors.Add(EndProcessesIn(name));
  errors.Add(RemoveRows());
  errors.Add(RemoveLinks());
  errors.Add(RemoveNamespaces());
  std::error_code ignored;
  if (errors.result()) std::filesystem::remove_all(folder_, ignored);
  return errors.result();
}

base::Result<> Testbed::RemoveRows() const {
  TAPIARY_ASSIGN(const SwitchState state, ReadSwitchState(vsctl_));
  const std::vector<VsctlCommand> commands = Removals(state, spec_.name);
  if (commands.empty()) return {};
  const base::Result<> written = vsctl_.Write(commands);
  if (written || written.error().code != base::ErrorCode::kTimeout) return written;
  TAPIARY_ASSIGN(const SwitchState after, ReadSwitchState(vsctl_, /*after_timeout=*/true));
  if (!Removals(after, spec_.name).empty()) return written;
  base::LogWarning("Open vSwitch removed the bridges, but ovs-vswitchd has not confirmed it");
  return {};
}

base::Result<> Testbed::RemoveLinks() const {
  TAPIARY_ASSIGN(const auto links, ListLinks(""));
  FirstError errors;
  for (const LinkInfo& link : links) {
    if (!IsOurLink(link, spec_.name)) continue;
    const base::Result<> deleted = DeleteLink(link.name);
    if (deleted) continue;
    // The other end of a pair that was deleted a moment ago is gone already.
    const auto now = ListLinks("");
    const bool still_there =
        !now || std::any_of(now->begin(), now->end(),
                            [&](const LinkInfo& other) { return other.name == link.name; });
    if (still_there) errors.Add(deleted);
  }
  return errors.result();
}

base::Result<> Testbed::RemoveNamespaces() const {
  FirstError errors;
  for (const std::string& name : OurNamespaces()) errors.Add(DeleteNamespace(name));
  return errors.result();
}

// By mark, so also those of an older version of the file; and unfinished ones by the file's names.
std::vector<std::string> Testbed::OurNamespaces() const {
  std::vector<std::string> names;
  for (const std::string& name : ListNamespaces()) {
    const bool named =
        std::any_of(spec_.hosts.begin(), spec_.hosts.end(),
                    [&](const HostSpec& host) { return host.network_namespace == name; });
    const NamespaceOwner owner = OwnerOf(name, spec_.name);
    if (owner == NamespaceOwner::kOurs || (named && owner == NamespaceOwner::kUnfinished)) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace tapiary::ovs
