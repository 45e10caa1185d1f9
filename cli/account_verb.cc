#include "cli/account_verb.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/clock.h"

namespace tapiary::cli {

CLI::App* AddAccountVerb(CLI::App& app, AccountOptions* accounts, Run* run, const char* name,
                         const char* summary, Run action) {
  CLI::App* const verb = app.add_subcommand(name, summary);
  AddAccountOptions(*verb, accounts);
  verb->callback([run, action = std::move(action)] { *run = action; });
  return verb;
}

Cell TimeCell(const std::optional<std::int64_t>& time_ns) {
  return time_ns ? Cell(base::FormatTime(*time_ns)) : Cell();
}

base::Result<ExitCode> ShowOnce(const std::string& secret) {
  if (fmt::print("{}\n", secret); std::fflush(stdout) != 0) {
    return base::MakeError(base::ErrorCode::kIo, "cannot write it to stdout");
  }
  return ExitCode::kOk;
}

}  // namespace tapiary::cli
