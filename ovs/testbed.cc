// Testbed::Up. Down is in testbed_down.cc, Status in testbed_status.cc.
#include "ovs/testbed.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "ovs/mirror_check.h"
#include "ovs/netdev.h"
#include "ovs/netns.h"
#include "ovs/process.h"
#include "ovs/switch_state.h"

namespace tapiary::ovs {
namespace {

using base::ErrorCode;

// Room for whatever a mirror copies: jumbo frames with tags.
constexpr int kCaptureMtu = 9216;
constexpr std::size_t kLogTailBytes = 2000;

bool KernelHasOpenVswitch() {
  std::error_code ignored;
  return std::filesystem::exists("/sys/module/openvswitch", ignored);
}

std::string DatapathType(Datapath datapath) {
  const bool kernel =
      datapath == Datapath::kKernel || (datapath == Datapath::kAuto && KernelHasOpenVswitch());
  return kernel ? "system" : "netdev";
}

bool HasIpv6(const HostSpec& host) {
  return std::any_of(host.addresses.begin(), host.addresses.end(), [](const std::string& address) {
    return address.find(':') != std::string::npos;
  });
}

base::Error Foreign(std::string_view what, const std::string& name) {
  return base::MakeError(ErrorCode::kConflict,
                         fmt::format("there is {} {} already that is not ours", what, name));
}

}  // namespace

Testbed::Testbed(TestbedSpec spec, Vsctl vsctl, std::string state_folder)
    : spec_(std::move(spec)),
      vsctl_(std::move(vsctl)),
      folder_(std::move(state_folder) + "/" + spec_.name) {}

base::Result<> Testbed::Up() {
  TAPIARY_ASSIGN(const auto items, Status());
  const auto is_up = [](const TestbedItem& item) { return item.state == ItemState::kUp; };
  if (!items.empty() && std::all_of(items.begin(), items.end(), is_up)) {
    base::LogInfo("testbed {} is up already", spec_.name);
    return {};
  }
  TAPIARY_TRY(Preflight());
  TAPIARY_TRY(Down());
  base::Result<> built = Build();
  if (built) return {};
  base::LogWarning("testbed {}: {}; removing what was made", spec_.name, built.error().message);
  const base::Result<> removed = Down();
  if (!removed) base::LogError("testbed {}: {}", spec_.name, removed.error().message);
  return built.error();
}

// Everything that can be refused before anything is touched.
base::Result<> Testbed::Preflight() const {
  if (geteuid() != 0) return base::MakeError(ErrorCode::kPermission, "a testbed needs root");
  TAPIARY_ASSIGN(const SwitchState state, ReadSwitchState(vsctl_));
  TAPIARY_ASSIGN(const auto links, ListLinks(""));
  for (const BridgeSpec& bridge : spec_.bridges) {
    if (bridge.datapath == Datapath::kKernel && !KernelHasOpenVswitch()) {
      return base::MakeError(ErrorCode::kUnsupported,
                             fmt::format("bridge {}: this kernel has no openvswitch module; use "
                                         "datapath: userspace or auto",
                                         bridge.name));
    }
    const BridgeState* present = state.FindBridge(bridge.name);
    if (present != nullptr && !IsOurs(present->external_ids, spec_.name)) {
      return Foreign("a bridge", bridge.name);
    }
  }
  std::vector<std::string> names;
  for (const HostSpec& host : spec_.hosts) {
    names.push_back(host.port);
    if (OwnerOf(host.network_namespace, spec_.name) == NamespaceOwner::kForeign) {
      return Foreign("a network namespace", host.network_namespace);
    }
  }
  for (const CaptureSpec& capture : spec_.captures) {
    names.insert(names.end(), {capture.name, capture.port});
  }
  for (const LinkInfo& link : links) {
    const bool wanted = std::find(names.begin(), names.end(), link.name) != names.end();
    if (wanted && !IsOurLink(link, spec_.name)) return Foreign("an interface", link.name);
  }
  return {};
}

// Mirrors come before programs, so that the first packet is captured already.
base::Result<> Testbed::Build() {
  TAPIARY_TRY(base::MakeFolders(folder_, 0755));
  TAPIARY_TRY(BuildBridges());
  for (const HostSpec& host : spec_.hosts) TAPIARY_TRY(BuildHost(host));
  for (const CaptureSpec& capture : spec_.captures) TAPIARY_TRY(BuildCapture(capture));
  TAPIARY_TRY(BuildPorts());
  TAPIARY_TRY(ApplyMirrors(vsctl_, spec_.mirrors, SystemHostView(), ApplyOptions{}));
  for (const HostSpec& host : spec_.hosts) TAPIARY_TRY(StartHost(host));
  base::LogInfo("testbed {} is up: {} bridges, {} hosts, {} mirrors", spec_.name,
                spec_.bridges.size(), spec_.hosts.size(), spec_.mirrors.mirrors.size());
  return {};
}

base::Result<> Testbed::BuildBridges() {
  std::vector<VsctlCommand> commands;
  for (const BridgeSpec& bridge : spec_.bridges) {
    const std::string type = DatapathType(bridge.datapath);
    base::LogInfo("bridge {}: {} datapath", bridge.name, type == "netdev" ? "userspace" : "kernel");
    commands.push_back({"add-br", bridge.name});
    VsctlCommand set = {"set", "Bridge", bridge.name, "datapath_type=" + type};
    for (std::string& mark : OwnerMarks(spec_.name)) set.push_back(std::move(mark));
    commands.push_back(std::move(set));
  }
  if (commands.empty()) return {};
  TAPIARY_TRY(vsctl_.Write(commands));
  // ovs-vsctl reports a bridge that ovs-vswitchd could not make, and exits 0.
  TAPIARY_ASSIGN(const SwitchState state, ReadSwitchState(vsctl_));
  for (const BridgeSpec& bridge : spec_.bridges) {
    const BridgeState* present = state.FindBridge(bridge.name);
    if (present != nullptr && present->running) continue;
    return base::MakeError(ErrorCode::kIo,
                           fmt::format("Open vSwitch cannot make bridge {} (its log says why; two "
                                       "switches with userspace bridges cannot share a network "
                                       "namespace)",
                                       bridge.name));
  }
  // The bridge's own device is part of the host's stack: it must not talk into the testbed.
  for (const BridgeSpec& bridge : spec_.bridges) TAPIARY_TRY(DisableIpv6(bridge.name));
  return {};
}

base::Result<> Testbed::BuildHost(const HostSpec& host) {
  TAPIARY_TRY(MakeNamespace(host.network_namespace, spec_.name));
  const std::string mac = host.mac.empty() ? MarkMac(spec_.name, "inside/" + host.name) : host.mac;
  TAPIARY_TRY(MakeVeth({host.port, MarkMac(spec_.name, host.port), ""},
                       {host.interface, mac, host.network_namespace}, host.mtu, spec_.name));
  TAPIARY_TRY(DisableOffloads(host.port));
  TAPIARY_TRY(Silence(host.port));
  const auto prepare = [&]() -> base::Result<> {
    TAPIARY_TRY(DisableOffloads(host.interface));
    return HasIpv6(host) ? base::Result<>() : DisableIpv6(host.interface);
  };
  TAPIARY_TRY(InNamespace(host.network_namespace, prepare));
  for (const std::string& address : host.addresses) {
    std::vector<std::string> argv = {"ip",    "-n",  host.network_namespace, "address", "add",
                                     address, "dev", host.interface};
    // An address still in duplicate detection cannot be used by programs that start now.
    if (address.find(':') != std::string::npos) argv.emplace_back("nodad");
    TAPIARY_TRY(RunChecked(argv));
  }
  TAPIARY_TRY(SetUp(host.interface, host.network_namespace));
  return SetUp(host.port, "");
}

base::Result<> Testbed::BuildCapture(const CaptureSpec& capture) {
  TAPIARY_TRY(MakeVeth({capture.name, MarkMac(spec_.name, capture.name), ""},
                       {capture.port, MarkMac(spec_.name, capture.port), ""}, kCaptureMtu,
                       spec_.name));
  for (const std::string& name : {capture.name, capture.port}) {
    TAPIARY_TRY(DisableOffloads(name));
    TAPIARY_TRY(Silence(name));
    TAPIARY_TRY(SetUp(name, ""));
  }
  return {};
}

base::Result<> Testbed::BuildPorts() {
  std::vector<VsctlCommand> commands;
  for (const HostSpec& host : spec_.hosts) {
    commands.push_back({"add-port", host.bridge, host.port});
    VsctlCommand set = {"set", "Port", host.port};
    for (std::string& mark : OwnerMarks(spec_.name)) set.push_back(std::move(mark));
    set.push_back(fmt::format("external_ids:{}={}", kRoleKey, kHostRole));
    if (host.vlan) set.push_back(fmt::format("tag={}", *host.vlan));
    commands.push_back(std::move(set));
  }
  if (commands.empty()) return {};
  TAPIARY_TRY(vsctl_.Write(commands));
  // ovs-vsctl reports a device that ovs-vswitchd could not open, and exits 0.
  TAPIARY_ASSIGN(const SwitchState state, ReadSwitchState(vsctl_));
  for (const HostSpec& host : spec_.hosts) {
    const PortState* port = state.FindPort(host.port);
    if (port == nullptr || !port->error.empty()) {
      return base::MakeError(ErrorCode::kIo,
                             fmt::format("Open vSwitch cannot use port {}: {}", host.port,
                                         port == nullptr ? "it is gone" : port->error));
    }
  }
  return {};
}

base::Result<> Testbed::StartHost(const HostSpec& host) {
  std::vector<pid_t> pids;
  std::string pid_text;
  for (const std::vector<std::string>& command : host.commands) {
    std::vector<std::string> argv = {"ip", "netns", "exec", host.network_namespace};
    argv.insert(argv.end(), command.begin(), command.end());
    TAPIARY_ASSIGN(const pid_t pid,
                   StartDaemon(argv, spec_.folder, LogPath(host),
                               {"TAPIARY_TESTBED=" + spec_.name, "TAPIARY_HOST=" + host.name}));
    pids.push_back(pid);
    pid_text += fmt::format("{}\n", pid);
  }
  TAPIARY_TRY(base::WriteFileDurably(fmt::format("{}/{}.pid", folder_, host.name),
                                     base::AsBytes(pid_text), 0644));
  return WaitReady(host, pids);
}

base::Result<> Testbed::WaitReady(const HostSpec& host, const std::vector<pid_t>& pids) const {
  if (!host.ready_port) return {};
  const std::string address = host.addresses.front().substr(0, host.addresses.front().find('/'));
  const std::int64_t deadline =
      base::SteadyNow() + host.ready_within.count() * base::kNanosPerMilli;
  while (true) {
    if (AcceptsTcp(host.network_namespace, address, *host.ready_port)) return {};
    if (std::any_of(pids.begin(), pids.end(), DaemonEnded)) {
      return base::MakeError(ErrorCode::kUnavailable, fmt::format("host {}: its program ended: {}",
                                                                  host.name, LogTail(host)));
    }
    if (base::SteadyNow() >= deadline) {
      return base::MakeError(
          ErrorCode::kTimeout,
          fmt::format("host {}: port {} of {} does not answer after {} ms: {}", host.name,
                      *host.ready_port, address, host.ready_within.count(), LogTail(host)));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

std::string Testbed::LogPath(const HostSpec& host) const {
  return fmt::format("{}/{}.log", folder_, host.name);
}

std::string Testbed::LogTail(const HostSpec& host) const {
  const auto text = base::ReadFile(LogPath(host), 64 * 1024 * 1024);
  if (!text || text->empty()) return "its log is empty";
  const std::size_t from = text->size() - std::min(text->size(), kLogTailBytes);
  return base::EscapeBytes(std::string_view(*text).substr(from));
}

}  // namespace tapiary::ovs
