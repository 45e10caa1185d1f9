// What `tapiary user` and `tapiary token` have in common: verbs of verbs that work on Accounts. One
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/accounts.h"
#include "cli/table.h"
#include "cli/verb.h"

namespace tapiary::cli {

// A verb below `app` with the options of Accounts; `action` runs when all is parsed.
CLI::App* AddAccountVerb(CLI::App& app, AccountOptions* accounts, Run* run, const char* name,
                         const char* summary, Run action);

Cell TimeCell(const std::optional<std::int64_t>& time_ns);

// Prints what cannot be shown again: a reader that did not get it must not see success.
base::Result<ExitCode> ShowOnce(const std::string& secret);

}  // namespace tapiary::cli
