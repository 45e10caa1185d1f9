// `tapiary commands [FILTER]`: transactions that change the state of a device. By the read API.
#pragma once

#include <string_view>

#include "cli/verb.h"

namespace tapiary::cli {

inline constexpr std::string_view kCommandsExamples =
    "  tapiary commands --last 7d                               the newest 100 of the week\n"
    "  tapiary commands 'sensor == \"plant-a\" && ot.status == ok'\n"
    "  tapiary commands --top ip.src,ot.operation               who did what most\n"
    "  tapiary commands --follow --format ndjson | jq .operation\n"
    "\n"
    "  How to name the collector: tapiary flows --help\n";

void ConfigureCommands(CLI::App& app, Run* run);

}  // namespace tapiary::cli
