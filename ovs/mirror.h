// Mirrors as they should be, against Open vSwitch as it is: plan, apply, delete.
//
// A plan is computed from one consistent read; applying it is one ovs-vsctl transaction, so a
// refused call leaves everything as it was. Rows are added to a bridge's set, never set; ours are
// found by UUID and external_ids, foreign rows are never touched; applying twice changes nothing.
// What Open vSwitch accepts silently and then ignores (a 33rd mirror, an output port of another
// bridge) is refused before the call. Not thread-safe. Source: ovs-vswitchd.conf.db(5), Mirror
// table.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ovs/switch_state.h"
#include "ovs/vsctl.h"

namespace tapiary::ovs {

inline constexpr std::size_t kMaxMirrorsPerBridge = 32;  // ofproto's MAX_MIRRORS
inline constexpr int kMinSnapLength = 14;
inline constexpr int kMaxSnapLength = 65535;

struct MirrorSpec {
  std::string name;
  std::string bridge;
  bool select_all = false;
  std::vector<std::string> ingress_ports;  // packets that enter the switch there (select_src_port)
  std::vector<std::string> egress_ports;   // packets that leave the switch there (select_dst_port)
  std::vector<int> vlans;                  // empty: any
  std::string output_port;
  std::optional<int> snap_length;  // bytes
};

// The mirrors of one file; `set` is the file's name for itself and marks the rows.
struct MirrorSet {
  std::string set;
  std::vector<MirrorSpec> mirrors;
};

enum class ChangeKind { kCreate, kUpdate, kDelete, kKeep, kAddPort, kDeletePort };
std::string_view ToString(ChangeKind kind);

struct MirrorChange {
  ChangeKind kind = ChangeKind::kKeep;
  std::string name;  // of the mirror or port
  std::string bridge;
  std::string reason;  // for people: what differs
};

struct MirrorPlan {
  std::vector<MirrorChange> changes;   // kKeep included
  std::vector<VsctlCommand> commands;  // one transaction; empty when nothing is to be done
  [[nodiscard]] bool empty() const { return commands.empty(); }
};

inline constexpr std::string_view kNoBridge = "no bridge";

// What the planner needs to know of the host besides Open vSwitch.
struct HostView {
  HostView() = default;
  HostView(const HostView&) = delete;
  HostView& operator=(const HostView&) = delete;
  virtual ~HostView() = default;
  // "" when there is no such interface, else where it is attached: "the Linux bridge vmbr0", or
  // kNoBridge.
  [[nodiscard]] virtual std::string Attachment(std::string_view interface) const = 0;
};
const HostView& SystemHostView();  // the links of this network namespace

// Pure. Errors name the mirror and what is wrong: kInvalid (bad file), kNotFound (no such bridge or
// port), kConflict (the output port would cut off somebody; too many mirrors; overlap). `force`
// allows what is doubtful but possible.
base::Result<MirrorPlan> PlanMirrors(const MirrorSet& wanted, const SwitchState& state,
                                     const HostView& host, bool force);
// Removes every mirror of the set, and the output ports that apply added. Pure.
MirrorPlan PlanDelete(std::string_view set, const SwitchState& state);

// Takes back what `plan` changed: `before` is the state it was made from, `after` the present one.
// Pure.
std::vector<VsctlCommand> PlanUndo(const MirrorPlan& plan, std::string_view set,
                                   const SwitchState& before, const SwitchState& after);

struct ApplyOptions {
  bool force = false;
  // Open vSwitch tells by its statistics that it accepted a mirror, each 5 s at the earliest. 0:
  // do not wait for it.
  std::chrono::milliseconds health_timeout{12'000};
};

// Plans, applies, and waits until ovs-vswitchd has accepted each new mirror; if it does not, takes
// the change back. Gives the plan that was applied.
base::Result<MirrorPlan> ApplyMirrors(const Vsctl& vsctl, const MirrorSet& wanted,
                                      const HostView& host, const ApplyOptions& options);
// Deleting what is absent is success.
base::Result<MirrorPlan> DeleteMirrors(const Vsctl& vsctl, std::string_view set);

}  // namespace tapiary::ovs
