#include "ovs/mirror.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "ovs/name.h"
#include "ovs/netdev.h"

namespace tapiary::ovs {
namespace {

using base::ErrorCode;

class NetlinkView : public HostView {
 public:
  [[nodiscard]] std::string Attachment(std::string_view interface) const override {
    const auto links = ListLinks("");
    if (!links) return "";
    for (const LinkInfo& link : *links) {
      if (link.name != interface) continue;
      if (link.master.empty()) return std::string(kNoBridge);
      return fmt::format("the {} {}",
                         link.master_kind == "bridge" ? "Linux bridge" : "master device",
                         link.master);
    }
    return "";
  }
};

// One transaction, and after a time-out a look at what came of it. `replan` gives what is left to
// do in a state. True: confirmed by ovs-vswitchd; false: in the database, not confirmed.
template <class ReplanFunction>
base::Result<bool> WriteAndJudge(const Vsctl& vsctl, const MirrorPlan& plan,
                                 const ReplanFunction& replan) {
  const base::Result<> written = vsctl.Write(plan.commands);
  if (written) return true;
  if (written.error().code != ErrorCode::kTimeout) return written.error();
  auto state = ReadSwitchState(vsctl, /*after_timeout=*/true);
  if (!state) {
    return base::MakeError(ErrorCode::kTimeout,
                           fmt::format("{}; whether the change was made is unknown: {}",
                                       written.error().message, state.error().message));
  }
  const base::Result<MirrorPlan> left = replan(*state);
  if (!left || !left->empty()) {
    return base::MakeError(ErrorCode::kTimeout, written.error().message + "; nothing was changed");
  }
  base::LogWarning(
      "Open vSwitch has the change, but ovs-vswitchd has not confirmed it: does it run?");
  return false;
}

// The mirrors of the plan that ovs-vswitchd has not accepted, by name.
std::vector<std::string> NotAccepted(const MirrorPlan& plan, std::string_view set,
                                     const SwitchState& state) {
  std::vector<std::string> names;
  for (const MirrorChange& change : plan.changes) {
    if (change.kind != ChangeKind::kCreate && change.kind != ChangeKind::kUpdate) continue;
    const bool accepted =
        std::any_of(state.mirrors.begin(), state.mirrors.end(), [&](const MirrorState& mirror) {
          return mirror.name == change.name && mirror.bridge == change.bridge &&
                 IsOurs(mirror.external_ids, set) && mirror.sent_packets.has_value();
        });
    if (!accepted) names.push_back(change.name);
  }
  return names;
}

// "" when all is well; else what ovs-vswitchd says about a port that the plan added.
std::string PortError(const MirrorPlan& plan, const SwitchState& state) {
  for (const MirrorChange& change : plan.changes) {
    if (change.kind != ChangeKind::kAddPort) continue;
    const PortState* port = state.FindPort(change.name);
    if (port != nullptr && !port->error.empty()) return port->error;
  }
  return "";
}

// Waits for the statistics by which ovs-vswitchd tells that it took the mirrors over.
base::Result<> WaitAccepted(const Vsctl& vsctl, const MirrorPlan& plan, std::string_view set,
                            std::chrono::milliseconds timeout) {
  const std::int64_t deadline = base::SteadyNow() + timeout.count() * base::kNanosPerMilli;
  while (true) {
    TAPIARY_ASSIGN(const SwitchState state, ReadSwitchState(vsctl));
    const std::string port_error = PortError(plan, state);
    if (!port_error.empty()) return base::MakeError(ErrorCode::kConflict, port_error);
    const std::vector<std::string> missing = NotAccepted(plan, set, state);
    if (missing.empty()) return {};
    if (base::SteadyNow() >= deadline) {
      return base::MakeError(ErrorCode::kConflict,
                             fmt::format("ovs-vswitchd did not accept the mirror {} (its log says "
                                         "why)",
                                         fmt::join(missing, ", ")));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
}

base::Result<> TakeBack(const Vsctl& vsctl, const MirrorPlan& plan, std::string_view set,
                        const SwitchState& before) {
  TAPIARY_ASSIGN(const SwitchState after, ReadSwitchState(vsctl));
  const std::vector<VsctlCommand> undo = PlanUndo(plan, set, before, after);
  return undo.empty() ? base::Result<>() : vsctl.Write(undo);
}

}  // namespace

const HostView& SystemHostView() {
  static const NetlinkView kView;
  return kView;
}

base::Result<MirrorPlan> ApplyMirrors(const Vsctl& vsctl, const MirrorSet& wanted,
                                      const HostView& host, const ApplyOptions& options) {
  TAPIARY_ASSIGN(const SwitchState before, ReadSwitchState(vsctl));
  TAPIARY_ASSIGN(MirrorPlan plan, PlanMirrors(wanted, before, host, options.force));
  if (plan.empty()) return plan;
  TAPIARY_ASSIGN(const bool confirmed, WriteAndJudge(vsctl, plan, [&](const SwitchState& state) {
                   return PlanMirrors(wanted, state, host, options.force);
                 }));
  if (!confirmed || options.health_timeout.count() == 0) return plan;
  const base::Result<> accepted = WaitAccepted(vsctl, plan, wanted.set, options.health_timeout);
  if (accepted) return plan;
  const base::Result<> undone = TakeBack(vsctl, plan, wanted.set, before);
  return base::MakeError(accepted.error().code,
                         accepted.error().message + (undone ? "; the change was taken back"
                                                            : "; taking the change back failed: " +
                                                                  undone.error().message));
}

base::Result<MirrorPlan> DeleteMirrors(const Vsctl& vsctl, std::string_view set) {
  TAPIARY_TRY(CheckName("name", set, kMaxName));
  TAPIARY_ASSIGN(const SwitchState before, ReadSwitchState(vsctl));
  MirrorPlan plan = PlanDelete(set, before);
  if (plan.empty()) return plan;
  TAPIARY_TRY(WriteAndJudge(vsctl, plan, [&](const SwitchState& state) {
    return base::Result<MirrorPlan>(PlanDelete(set, state));
  }));
  return plan;
}

}  // namespace tapiary::ovs
