#include "cli/account_verb.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/clock.h"

namespace tapiary::cli {

CLI::App* AddAccountVerb(CLI::App& app, AccountOptions* accounts, Run* run, const char* name,
                         const char* summary, Run action) {
  CLI::App* const verb = app.add_subcommand(name, summary);
  // CLI11 sets options of verbs that were not given too, from the environment: with one place for
  // all verbs these would count more than what was said.
  const auto own = std::make_shared<AccountOptions>();
  AddAccountOptions(*verb, own.get());
  verb->callback([own, accounts, run, action = std::move(action)] {
    *accounts = *own;
    *run = action;
  });
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
