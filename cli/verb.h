// The verb table of `tapiary`, the operator's command: one line per verb in verbs.cc, one file pair
// per verb.
//
// A verb NAME lives in cli/NAME.{h,cc}: the header declares `void ConfigureNAME(CLI::App& app, Run*
// run)`, the source is the only file that includes CLI11 for it. Help, usage errors and exit codes
// are the same for all verbs and come from main.cc. Single-threaded: a verb starts its own threads
// and joins them before it returns.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace CLI {
class App;
}

namespace tapiary::cli {

enum class ExitCode { kOk = 0, kFailed = 1, kUsage = 2 };

// What a verb does once its arguments are parsed. Data goes to stdout, talk to stderr. An error is
// printed by main as "tapiary: MESSAGE"; kInvalid (the input was wrong) exits 2, all others 1. A
// verb that found something wrong without failing itself returns ExitCode::kFailed.
using Run = std::function<base::Result<ExitCode>()>;

struct Verb {
  std::string_view name;
  std::string_view summary;   // one line, lower case, no full stop
  std::string_view examples;  // shown at the end of --help; two-space indented lines
  // Adds options, and sub-verbs where it has them, to the verb's own `app`, and sets *run: at once,
  // or from the callback of the sub-verb that was given. `app` and *run live until the process
  // ends; options are kept in a shared_ptr that *run and CLI11 hold together.
  void (*configure)(CLI::App& app, Run* run);
};

std::span<const Verb> Verbs();

}  // namespace tapiary::cli
