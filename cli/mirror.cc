#include "cli/mirror.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/table.h"
#include "ovs/mirror.h"
#include "ovs/testbed_file.h"

namespace tapiary::cli {
namespace {

struct Options {
  std::string file;
  Format format = Format::kTable;
  bool force = false;
};

void PrintPlan(const ovs::MirrorPlan& plan, Format format) {
  Table table({"change", "name", "bridge", "reason"});
  for (const ovs::MirrorChange& change : plan.changes) {
    table.Add({std::string(ovs::ToString(change.kind)), change.name, change.bridge,
               change.reason.empty() ? Cell() : Cell(change.reason)});
  }
  table.Print(format, stdout);
}

base::Result<ExitCode> Plan(const Options& options) {
  TAPIARY_ASSIGN(const auto spec, ovs::ReadTestbedFile(options.file));
  const ovs::Vsctl vsctl;
  TAPIARY_ASSIGN(const auto state, ovs::ReadSwitchState(vsctl));
  TAPIARY_ASSIGN(const auto plan,
                 ovs::PlanMirrors(spec.mirrors, state, ovs::SystemHostView(), options.force));
  PrintPlan(plan, options.format);
  return ExitCode::kOk;
}

base::Result<ExitCode> Apply(const Options& options) {
  TAPIARY_ASSIGN(const auto spec, ovs::ReadTestbedFile(options.file));
  const ovs::ApplyOptions apply{.force = options.force};
  TAPIARY_ASSIGN(const auto plan,
                 ovs::ApplyMirrors(ovs::Vsctl(), spec.mirrors, ovs::SystemHostView(), apply));
  PrintPlan(plan, options.format);
  return ExitCode::kOk;
}

base::Result<ExitCode> Delete(const Options& options) {
  TAPIARY_ASSIGN(const auto spec, ovs::ReadTestbedFile(options.file));
  TAPIARY_ASSIGN(const auto plan, ovs::DeleteMirrors(ovs::Vsctl(), spec.name));
  PrintPlan(plan, options.format);
  return ExitCode::kOk;
}

std::vector<std::string> PortNames(const ovs::SwitchState& state,
                                   const std::vector<std::string>& uuids) {
  std::vector<std::string> names;
  for (const std::string& uuid : uuids) {
    const ovs::PortState* port = state.FindPortByUuid(uuid);
    names.push_back(port != nullptr ? port->name : uuid);
  }
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<ExitCode> List(const Options& options) {
  TAPIARY_ASSIGN(const auto state, ovs::ReadSwitchState(ovs::Vsctl()));
  Table table({"name", "bridge", "set", "all", "ingress", "egress", "vlans", "output",
               "snap_length", "packets", "uuid"});
  for (const ovs::MirrorState& mirror : state.mirrors) {
    const auto set = mirror.external_ids.find(std::string(ovs::kSetKey));
    const bool ours = ovs::IsOurs(mirror.external_ids, "") && set != mirror.external_ids.end();
    const ovs::PortState* output = state.FindPortByUuid(mirror.output_port);
    Row row = {mirror.name,
               mirror.bridge,
               ours ? Cell(set->second) : Cell(),
               mirror.select_all,
               PortNames(state, mirror.select_src_ports),
               PortNames(state, mirror.select_dst_ports),
               mirror.select_vlans,
               output != nullptr ? Cell(output->name) : Cell(),
               mirror.snaplen.empty() ? Cell() : Cell(mirror.snaplen),
               mirror.sent_packets ? Cell(*mirror.sent_packets) : Cell(),
               mirror.uuid};
    table.Add(std::move(row));
  }
  table.Print(options.format, stdout);
  return ExitCode::kOk;
}

}  // namespace

void ConfigureMirror(CLI::App& app, Run* run) {
  const auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  const auto add = [&](const char* name, const char* summary, bool takes_file, bool takes_force,
                       base::Result<ExitCode> (*function)(const Options&)) {
    CLI::App* verb = app.add_subcommand(name, summary);
    if (takes_file) verb->add_option("FILE", options->file, "the YAML file")->required();
    if (takes_force) {
      verb->add_flag("--force", options->force, "use an output port that looks taken or tagged");
    }
    AddFormatOption(*verb, &options->format);
    verb->callback([=] { *run = [=] { return function(*options); }; });
  };
  add("plan", "show what apply would change; changes nothing", true, true, Plan);
  add("apply", "make the mirrors of FILE; twice changes nothing", true, true, Apply);
  add("list", "every mirror of the switch; set names the file of ours", false, false, List);
  add("delete", "remove the mirrors of FILE; others' are never touched", true, false, Delete);
}

}  // namespace tapiary::cli
