// What `tapiary user` and `tapiary token` have in common: verbs of verbs that work on Accounts.
#pragma once

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "cli/accounts.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace tapiary::cli {

// Options has a member `accounts`. The verb's function runs when all is parsed.
template <typename Options>
CLI::App* AddAccountVerb(CLI::App& app, const std::shared_ptr<Options>& options, Run* run,
                         const char* name, const char* summary,
                         base::Result<ExitCode> (*function)(const Options&)) {
  CLI::App* const verb = app.add_subcommand(name, summary);
  AddAccountOptions(*verb, &options->accounts);
  verb->callback([=] { *run = [=] { return function(*options); }; });
  return verb;
}

inline Cell TimeCell(const std::optional<std::int64_t>& time_ns) {
  return time_ns ? Cell(base::FormatTime(*time_ns)) : Cell();
}

// Prints what cannot be shown again, so a reader that did not get it must not see success.
inline base::Result<ExitCode> ShowOnce(const std::string& secret) {
  if (fmt::print("{}\n", secret); std::fflush(stdout) != 0) {
    return base::MakeError(base::ErrorCode::kIo, "cannot write it to stdout");
  }
  return ExitCode::kOk;
}

}  // namespace tapiary::cli
