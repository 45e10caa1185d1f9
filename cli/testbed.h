// `tapiary testbed up|down|status`: bridges, hosts in namespaces and mirrors from a YAML file. See
// ovs/testbed.h.
#pragma once

#include <string_view>

#include "cli/verb.h"

namespace tapiary::cli {

inline constexpr std::string_view kTestbedExamples =
    "  tapiary testbed up testbed.yaml        make it and wait until its hosts are ready\n"
    "  tapiary testbed status testbed.yaml    what is there and what is not\n"
    "  tapiary testbed down testbed.yaml      remove all of it; also after a crash\n";

void ConfigureTestbed(CLI::App& app, Run* run);

}  // namespace tapiary::cli
