// `tapiary events [FILTER]`: what honeypot services reported. By the read API.
#pragma once

#include <string_view>

#include "cli/verb.h"

namespace tapiary::cli {

inline constexpr std::string_view kEventsExamples =
    "  tapiary events 'event.action == login' --last 1h         logins of the last hour\n"
    "  tapiary events --top event.user,event.password           what is tried most\n"
    "  tapiary events 'event.command matches \"wget|curl\"' --format json\n"
    "  tapiary events --follow                                  as they arrive\n"
    "\n"
    "  How to name the collector: tapiary flows --help\n";

void ConfigureEvents(CLI::App& app, Run* run);

}  // namespace tapiary::cli
