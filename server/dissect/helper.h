// RunHelper: one confined process from its start to its end, with bounds on all that it may use.
//
// Blocks at most the time limit and a little. Whatever the program does (hang, crash, flood, take
// memory) ends in a result or an error here, and with no process left. Any thread.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "server/dissect/confinement.h"

namespace tapiary::server {

inline constexpr const char* kHelperFile = "/proc/self/fd/3";  // `file`, as the helper sees it

struct HelperCommand {
  std::string program;                   // with its path
  std::vector<std::string> arguments;    // without the program's name
  std::string input;                     // to its stdin, which ends behind it
  const base::UniqueFd* file = nullptr;  // kHelperFile, or none
  std::string user = "nobody";
  HelperLimits limits;
};

// A file in memory without a name; sealed, nobody can change it any more.
base::Result<base::UniqueFd> MakeMemoryFile();
base::Result<> SealMemoryFile(const base::UniqueFd& file);

// What it wrote to stdout. kUnsupported: the program is not there. kTimeout: it was killed at a
// time limit. kTooLarge: it wrote too much. kCorrupt: it crashed or failed; the text says how.
base::Result<std::string> RunHelper(const HelperCommand& command);

}  // namespace tapiary::server
