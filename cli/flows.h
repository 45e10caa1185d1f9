// `tapiary flows [FILTER]`: flows that a collector has, their largest groups, or a live tail. By
// the read API (collector_client.h).
#pragma once

#include <string_view>

#include "cli/verb.h"

namespace tapiary::cli {

inline constexpr std::string_view kFlowsExamples =
    "  tapiary flows --last 1h                                  the newest 100 of the last hour\n"
    "  tapiary flows 'modbus && ip.src != 10.0.0.0/8' --limit 0  all of the last day\n"
    "  tapiary flows --top ip.src --by bytes --distinct ip.dst  who sent most, to how many\n"
    "  tapiary flows 'command' --follow                         as they arrive\n"
    "  tapiary flows 'tcp.port == 502' --format csv > flows.csv\n"
    "\n"
    "  The collector: --collector https://HOST:8443 --token-file FILE --ca FILE, or "
    "TAPIARY_COLLECTOR,\n"
    "  TAPIARY_TOKEN_FILE, TAPIARY_CA, or url, token_file, ca in "
    "~/.config/tapiary/collector.yaml\n";

void ConfigureFlows(CLI::App& app, Run* run);

}  // namespace tapiary::cli
