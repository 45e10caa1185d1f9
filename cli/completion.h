// `tapiary completion`: a script that completes verbs, options and their choices on Tab. Made from
// the verbs as they are configured, so it knows what --help knows.
#pragma once

#include <string>
#include <string_view>

#include "cli/verb.h"

namespace tapiary::cli {

inline constexpr std::string_view kCompletionExamples =
    "  tapiary completion bash > ~/.local/share/bash-completion/completions/tapiary\n"
    "  source <(tapiary completion bash)     in this shell alone; in zsh after\n"
    "                                        autoload -U bashcompinit && bashcompinit\n";

void ConfigureCompletion(CLI::App& app, Run* run);

// The script for a program of this name with all of its verbs.
std::string BashCompletion(const CLI::App& root, const std::string& program);

}  // namespace tapiary::cli
