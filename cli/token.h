// `tapiary token create|list|revoke|rotate`: who may send to and read from a collector. Works on
// the collector's catalog, on its own host, or over its API with --collector (accounts.h).
#pragma once

#include <string_view>

#include "cli/verb.h"

namespace tapiary::cli {

inline constexpr std::string_view kTokenExamples =
    "  tapiary token create plant-a --scope sensor              for the sensor plant-a\n"
    "  tapiary token create ann --scope viewer --expires 30d    for a person, for a month\n"
    "  tapiary token list                                       all, without their text\n"
    "  tapiary token revoke 3                                   at once and for good\n"
    "  tapiary token rotate 3 --overlap 1h                      another one; the old for an hour\n"
    "  tapiary token list --collector https://collector:8443    over the API, as an admin\n";

void ConfigureToken(CLI::App& app, Run* run);

}  // namespace tapiary::cli
