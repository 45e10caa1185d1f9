// The difference between the mirrors of a file and those of the switch, as one transaction.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "ovs/mirror.h"
#include "ovs/mirror_check.h"

namespace tapiary::ovs {
namespace {

using base::ErrorCode;

// The columns of a Mirror row that we write, as ovs-vsctl arguments. Ports are UUIDs or "@id".
struct Columns {
  bool select_all = false;
  std::vector<std::string> src;
  std::vector<std::string> dst;
  std::vector<std::string> vlans;
  std::string output;
  std::string output_vlan;
  std::string snaplen;
};

void AppendColumns(const Columns& columns, VsctlCommand* command) {
  command->push_back(fmt::format("select_all={}", columns.select_all));
  command->push_back(fmt::format("select_src_port=[{}]", fmt::join(columns.src, ",")));
  command->push_back(fmt::format("select_dst_port=[{}]", fmt::join(columns.dst, ",")));
  command->push_back(fmt::format("select_vlan=[{}]", fmt::join(columns.vlans, ",")));
  command->push_back(fmt::format("output_port=[{}]", columns.output));
  command->push_back(fmt::format("output_vlan=[{}]", columns.output_vlan));
  command->push_back(fmt::format("snaplen=[{}]", columns.snaplen));
}

Columns ToColumns(const MirrorState& mirror) {
  return {mirror.select_all,  mirror.select_src_ports, mirror.select_dst_ports, mirror.select_vlans,
          mirror.output_port, mirror.output_vlan,      mirror.snaplen};
}

std::vector<std::string> VlanTexts(const std::vector<int>& vlans) {
  std::set<std::string> texts;
  for (const int vlan : vlans) texts.insert(std::to_string(vlan));
  return {texts.begin(), texts.end()};
}

class Planner {
 public:
  Planner(const MirrorSet& wanted, const SwitchState& state, const HostView& host, bool force)
      : wanted_(wanted), state_(state), host_(host), force_(force) {}

  base::Result<MirrorPlan> Run() {
    TAPIARY_TRY(CheckSpecs(wanted_));
    for (const MirrorSpec& spec : wanted_.mirrors) TAPIARY_TRY(PlanOne(spec));
    TAPIARY_TRY(CheckSharedOutputs(wanted_, state_, force_));
    PlanRemovals();
    TAPIARY_TRY(CheckCount());
    return std::move(plan_);
  }

 private:
  base::Result<> PlanOne(const MirrorSpec& spec) {
    if (state_.FindBridge(spec.bridge) == nullptr) {
      return base::MakeError(ErrorCode::kNotFound,
                             fmt::format("mirror \"{}\": there is no bridge {} in Open vSwitch",
                                         spec.name, spec.bridge));
    }
    TAPIARY_TRY(CheckOutputPort(spec, wanted_, state_, host_, force_));
    TAPIARY_ASSIGN(const auto src, ResolvePorts(spec.ingress_ports, spec, state_, host_));
    TAPIARY_ASSIGN(const auto dst, ResolvePorts(spec.egress_ports, spec, state_, host_));
    const MirrorState* present = FindOurs(spec);
    for (const MirrorState& mirror : state_.mirrors) {
      if (mirror.bridge != spec.bridge || mirror.name != spec.name) continue;
      if (IsOurs(mirror.external_ids, wanted_.set)) continue;
      return base::MakeError(ErrorCode::kConflict,
                             fmt::format("mirror \"{}\": bridge {} has one of this name that is "
                                         "not ours",
                                         spec.name, spec.bridge));
    }
    if (present == nullptr) {
      PlanOutputPort(spec);
      Create(spec);
      return {};
    }
    kept_.insert(present->uuid);
    const std::string difference = Difference(spec, *present, src, dst);
    if (difference.empty()) {
      plan_.changes.push_back({ChangeKind::kKeep, spec.name, spec.bridge, ""});
      return {};
    }
    PlanOutputPort(spec);
    plan_.changes.push_back({ChangeKind::kUpdate, spec.name, spec.bridge, difference});
    const Columns columns = Resolve(spec);
    VsctlCommand command = {"set", "Mirror", present->uuid};
    AppendColumns(columns, &command);
    plan_.commands.push_back(std::move(command));
    return {};
  }

  const MirrorState* FindOurs(const MirrorSpec& spec) const {
    for (const MirrorState& mirror : state_.mirrors) {
      if (mirror.bridge == spec.bridge && mirror.name == spec.name &&
          IsOurs(mirror.external_ids, wanted_.set)) {
        return &mirror;
      }
    }
    return nullptr;
  }

  // References by name inside the transaction: a port that went away since we read fails it,
  // where a stale UUID would silently be dropped from the set.
  std::string Reference(const std::string& port) {
    const std::string id = fmt::format("@p{}", next_id_++);
    plan_.commands.push_back({"--id=" + id, "get", "Port", port});
    return id;
  }

  Columns Resolve(const MirrorSpec& spec) {
    Columns columns;
    columns.select_all = spec.select_all;
    for (const std::string& port : spec.ingress_ports) columns.src.push_back(Reference(port));
    for (const std::string& port : spec.egress_ports) columns.dst.push_back(Reference(port));
    columns.vlans = VlanTexts(spec.vlans);
    columns.output = Reference(spec.output_port);
    if (spec.snap_length) columns.snaplen = std::to_string(*spec.snap_length);
    return columns;
  }

  // In the same transaction as its mirror, so that the port never forwards anything and has no
  // part in the choice of the bridge's address.
  void PlanOutputPort(const MirrorSpec& spec) {
    if (state_.FindPort(spec.output_port) != nullptr) return;
    if (!added_ports_.insert(spec.output_port).second) return;
    plan_.changes.push_back({ChangeKind::kAddPort, spec.output_port, spec.bridge, "capture port"});
    plan_.commands.push_back({"add-port", spec.bridge, spec.output_port});
    VsctlCommand mark = {"set", "Port", spec.output_port};
    for (std::string& text : OwnerMarks(wanted_.set)) mark.push_back(std::move(text));
    mark.push_back(fmt::format("external_ids:{}={}", kRoleKey, kCaptureRole));
    plan_.commands.push_back(std::move(mark));
  }

  void Create(const MirrorSpec& spec) {
    plan_.changes.push_back({ChangeKind::kCreate, spec.name, spec.bridge, ""});
    const Columns columns = Resolve(spec);
    const std::string id = fmt::format("@m{}", next_id_++);
    VsctlCommand command = {"--id=" + id, "create", "Mirror", "name=" + spec.name};
    AppendColumns(columns, &command);
    for (std::string& text : OwnerMarks(wanted_.set)) command.push_back(std::move(text));
    plan_.commands.push_back(std::move(command));
    plan_.commands.push_back({"add", "Bridge", spec.bridge, "mirrors", id});
  }

  std::string PortNames(const std::vector<std::string>& uuids) const {
    std::vector<std::string> names;
    for (const std::string& uuid : uuids) {
      const PortState* port = state_.FindPortByUuid(uuid);
      names.push_back(port != nullptr ? port->name : "?");
    }
    std::sort(names.begin(), names.end());
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, " "));
  }

  std::string Difference(const MirrorSpec& spec, const MirrorState& present,
                         const std::vector<std::string>& src,
                         const std::vector<std::string>& dst) const {
    std::vector<std::string> differences;
    const auto compare = [&](std::string_view what, const auto& is, const auto& wanted,
                             const std::string& is_text, const std::string& wanted_text) {
      if (is != wanted)
        differences.push_back(fmt::format("{}: {} -> {}", what, is_text, wanted_text));
    };
    const std::string snap = spec.snap_length ? std::to_string(*spec.snap_length) : "";
    std::vector<std::string> vlans = VlanTexts(spec.vlans);
    const PortState* output = state_.FindPort(spec.output_port);
    const std::string output_uuid = output != nullptr ? output->uuid : "@new";
    compare("all", present.select_all, spec.select_all, fmt::format("{}", present.select_all),
            fmt::format("{}", spec.select_all));
    compare("ingress", present.select_src_ports, src, PortNames(present.select_src_ports),
            PortNames(src));
    compare("egress", present.select_dst_ports, dst, PortNames(present.select_dst_ports),
            PortNames(dst));
    compare("vlans", present.select_vlans, vlans,
            fmt::format("{}", fmt::join(present.select_vlans, " ")),
            fmt::format("{}", fmt::join(vlans, " ")));
    compare("output", present.output_port, output_uuid,
            present.output_port.empty() ? "none" : PortNames({present.output_port}),
            spec.output_port);
    compare("output_vlan", present.output_vlan, std::string(), present.output_vlan, "none");
    compare("snap_length", present.snaplen, snap, present.snaplen, snap);
    return fmt::format("{}", fmt::join(differences, "; "));
  }

  void PlanRemovals() {
    for (const MirrorState& mirror : state_.mirrors) {
      if (!IsOurs(mirror.external_ids, wanted_.set) || kept_.contains(mirror.uuid)) continue;
      plan_.changes.push_back({ChangeKind::kDelete, mirror.name, mirror.bridge, "not in the file"});
      plan_.commands.push_back({"remove", "Bridge", mirror.bridge, "mirrors", mirror.uuid});
    }
    for (const PortState& port : state_.ports) {
      const auto role = port.external_ids.find(std::string(kRoleKey));
      const bool capture = role != port.external_ids.end() && role->second == kCaptureRole;
      const bool wanted =
          std::any_of(wanted_.mirrors.begin(), wanted_.mirrors.end(),
                      [&](const MirrorSpec& spec) { return spec.output_port == port.name; });
      if (!capture || wanted || !IsOurs(port.external_ids, wanted_.set)) continue;
      if (UsedByOthers(port)) continue;
      plan_.changes.push_back({ChangeKind::kDeletePort, port.name, port.bridge, "not in the file"});
      plan_.commands.push_back({"--if-exists", "del-port", port.bridge, port.name});
    }
  }

  bool UsedByOthers(const PortState& port) const {
    return std::any_of(
        state_.mirrors.begin(), state_.mirrors.end(), [&](const MirrorState& mirror) {
          return mirror.output_port == port.uuid && !IsOurs(mirror.external_ids, wanted_.set);
        });
  }

  base::Result<> CheckCount() const {
    for (const BridgeState& bridge : state_.bridges) {
      std::size_t count = bridge.mirrors;
      bool creates = false;
      for (const MirrorChange& change : plan_.changes) {
        if (change.bridge != bridge.name) continue;
        creates |= change.kind == ChangeKind::kCreate;
        count += change.kind == ChangeKind::kCreate ? 1 : 0;
        count -= change.kind == ChangeKind::kDelete ? 1 : 0;
      }
      if (!creates || count <= kMaxMirrorsPerBridge) continue;
      return base::MakeError(
          ErrorCode::kConflict,
          fmt::format("bridge {}: {} mirrors, and Open vSwitch ignores all beyond {}", bridge.name,
                      count, kMaxMirrorsPerBridge));
    }
    return {};
  }

  const MirrorSet& wanted_;
  const SwitchState& state_;
  const HostView& host_;
  const bool force_;
  MirrorPlan plan_;
  std::set<std::string> kept_;         // UUIDs of rows that stay
  std::set<std::string> added_ports_;  // by this plan
  int next_id_ = 0;
};

const MirrorState* FindMirror(const SwitchState& state, const MirrorChange& change,
                              std::string_view set) {
  for (const MirrorState& mirror : state.mirrors) {
    if (mirror.name == change.name && mirror.bridge == change.bridge &&
        IsOurs(mirror.external_ids, set)) {
      return &mirror;
    }
  }
  return nullptr;
}

}  // namespace

std::string_view ToString(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kCreate:
      return "create";
    case ChangeKind::kUpdate:
      return "update";
    case ChangeKind::kDelete:
      return "delete";
    case ChangeKind::kKeep:
      return "keep";
    case ChangeKind::kAddPort:
      return "add-port";
    case ChangeKind::kDeletePort:
      return "delete-port";
  }
  return "?";
}

base::Result<MirrorPlan> PlanMirrors(const MirrorSet& wanted, const SwitchState& state,
                                     const HostView& host, bool force) {
  return Planner(wanted, state, host, force).Run();
}

MirrorPlan PlanDelete(std::string_view set, const SwitchState& state) {
  const MirrorSet nothing{std::string(set), {}};
  // With no wanted mirror nothing is left that could be refused but the name of the set.
  auto plan = PlanMirrors(nothing, state, SystemHostView(), false);
  return plan ? std::move(*plan) : MirrorPlan();
}

std::vector<VsctlCommand> PlanUndo(const MirrorPlan& plan, std::string_view set,
                                   const SwitchState& before, const SwitchState& after) {
  std::vector<VsctlCommand> commands;
  int next_id = 0;
  for (const MirrorChange& change : plan.changes) {
    const MirrorState* was = FindMirror(before, change, set);
    const MirrorState* is = FindMirror(after, change, set);
    if (change.kind == ChangeKind::kCreate && is != nullptr) {
      commands.push_back({"remove", "Bridge", is->bridge, "mirrors", is->uuid});
    } else if (change.kind == ChangeKind::kUpdate && was != nullptr && is != nullptr) {
      VsctlCommand command = {"set", "Mirror", is->uuid};
      AppendColumns(ToColumns(*was), &command);
      commands.push_back(std::move(command));
    } else if (change.kind == ChangeKind::kDelete && was != nullptr && is == nullptr) {
      const std::string id = fmt::format("@u{}", next_id++);
      VsctlCommand command = {"--id=" + id, "create", "Mirror", "name=" + was->name};
      AppendColumns(ToColumns(*was), &command);
      for (std::string& text : OwnerMarks(set)) command.push_back(std::move(text));
      commands.push_back(std::move(command));
      commands.push_back({"add", "Bridge", was->bridge, "mirrors", id});
    } else if (change.kind == ChangeKind::kAddPort) {
      commands.push_back({"--if-exists", "del-port", change.bridge, change.name});
    }
  }
  return commands;
}

}  // namespace tapiary::ovs
