// Secrets from people: never an argument (other users of the host see those), never echoed.
//
// A file, stdin, or the terminal. Single-threaded.
#pragma once

#include <string>

#include "base/result.h"

namespace tapiary::cli {

// The first line of `file`, of stdin for "-", or, when `file` is empty, what is typed twice at the
// terminal. kInvalid without a terminal, when the two differ, or when it is empty.
base::Result<std::string> ReadNewPassword(const std::string& file);

}  // namespace tapiary::cli
