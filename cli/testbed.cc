#include "cli/testbed.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cli/table.h"
#include "ovs/testbed.h"

namespace tapiary::cli {
namespace {

struct Options {
  std::string file;
  std::string state_folder = "/run/tapiary/testbed";
  Format format = Format::kTable;
};

base::Result<ovs::Testbed> Open(const Options& options) {
  TAPIARY_ASSIGN(auto spec, ovs::ReadTestbedFile(options.file));
  return ovs::Testbed(std::move(spec), ovs::Vsctl(), options.state_folder);
}

base::Result<ExitCode> Up(const Options& options) {
  TAPIARY_ASSIGN(ovs::Testbed testbed, Open(options));
  TAPIARY_TRY(testbed.Up());
  return ExitCode::kOk;
}

base::Result<ExitCode> Down(const Options& options) {
  TAPIARY_ASSIGN(ovs::Testbed testbed, Open(options));
  TAPIARY_TRY(testbed.Down());
  return ExitCode::kOk;
}

base::Result<ExitCode> Status(const Options& options) {
  TAPIARY_ASSIGN(const ovs::Testbed testbed, Open(options));
  TAPIARY_ASSIGN(const auto items, testbed.Status());
  Table table({"kind", "name", "state", "detail"});
  for (const ovs::TestbedItem& item : items) {
    table.Add({item.kind, item.name, std::string(ovs::ToString(item.state)),
               item.detail.empty() ? Cell() : Cell(item.detail)});
  }
  table.Print(options.format, stdout);
  const bool up = std::all_of(items.begin(), items.end(), [](const ovs::TestbedItem& item) {
    return item.state == ovs::ItemState::kUp;
  });
  return up ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace

void ConfigureTestbed(CLI::App& app, Run* run) {
  const auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  const auto add = [&](const char* name, const char* summary,
                       base::Result<ExitCode> (*function)(const Options&)) {
    CLI::App* verb = app.add_subcommand(name, summary);
    verb->add_option("FILE", options->file, "the YAML file")->required();
    verb->add_option("--state-dir", options->state_folder, "folder for logs and process ids")
        ->envname("TAPIARY_STATE_DIR")
        ->capture_default_str();
    verb->callback([=] { *run = [=] { return function(*options); }; });
    return verb;
  };
  add("up", "make the testbed of FILE and wait until its hosts are ready", Up);
  add("down", "remove everything that carries the testbed's mark", Down);
  CLI::App* status = add("status", "what is there; exit 1 when something is missing", Status);
  AddFormatOption(*status, &options->format);
}

}  // namespace tapiary::cli
