// `tapiary mirror plan|apply|list|delete`: Open vSwitch mirrors from a YAML file. See ovs/mirror.h.
#pragma once

#include <string_view>

#include "cli/verb.h"

namespace tapiary::cli {

inline constexpr std::string_view kMirrorExamples =
    "  tapiary mirror plan testbed.yaml       show what apply would change\n"
    "  tapiary mirror apply testbed.yaml      make the mirrors of the file, once\n"
    "  tapiary mirror list --format ndjson    every mirror, ours and others'\n"
    "  tapiary mirror delete testbed.yaml     remove the mirrors of the file\n";

void ConfigureMirror(CLI::App& app, Run* run);

}  // namespace tapiary::cli
