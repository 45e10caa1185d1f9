// `tapiary user create|list|passwd|role|disable|enable|remove`: the people who may log in to a
// collector. Works on the collector's catalog, on its own host, where the first administrator is
// made; or over its API with --collector (accounts.h).
#pragma once

#include <string_view>

#include "cli/verb.h"

namespace tapiary::cli {

inline constexpr std::string_view kUserExamples =
    "  tapiary user create ann --role admin               asks for the password\n"
    "  tapiary user create bob --role viewer --generate   prints one that bob must change\n"
    "  tapiary user list\n"
    "  tapiary user role bob analyst\n"
    "  tapiary user passwd ann --password-file -          the new password on stdin\n"
    "  tapiary user disable bob                           ends bob's sessions at once\n"
    "  tapiary user list --collector https://collector:8443   over the API, as an admin\n";

void ConfigureUser(CLI::App& app, Run* run);

}  // namespace tapiary::cli
