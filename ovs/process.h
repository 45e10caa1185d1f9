// Runs a program with an argument vector: never a shell, always with a time limit and a limit on
// what it may print. What ovs/ does to the system goes through here (ovs-vsctl, ip).
//
// Blocking; any thread may call it. Children get /dev/null as stdin, the C locale, and a process
// group of their own, which is killed as a whole at the time limit; the program itself is killed
// too when the calling thread ends before it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace tapiary::ovs {

struct ProcessLimits {
  std::chrono::milliseconds timeout{10'000};        // then SIGKILL to the group
  std::size_t max_output_bytes = 16 * 1024 * 1024;  // per stream; what is beyond is discarded
};

struct ProcessResult {
  int exit_code = -1;  // -1: killed by a signal or by the time limit
  int signal = 0;      // the signal that ended it, or 0
  bool timed_out = false;
  bool output_cut = false;  // more than max_output_bytes came
  std::string out;
  std::string err;
  [[nodiscard]] bool ok() const { return exit_code == 0 && !output_cut; }
};

// kNotFound when argv[0] is not there, kIo when the system cannot start it. A program that fails is
// not an error of this function: look at the result.
base::Result<ProcessResult> RunProcess(const std::vector<std::string>& argv,
                                       const ProcessLimits& limits = {});

// As RunProcess, but failure of the program is an error too: kTimeout, or kIo with the first lines
// that it wrote to stderr. Gives its stdout.
base::Result<std::string> RunChecked(const std::vector<std::string>& argv,
                                     const ProcessLimits& limits = {});

// Starts a program that outlives us, in a new session; stdout and stderr are appended to log_path.
// `environment` entries ("NAME=value") are added to ours. Gives its process id; the caller does not
// wait for it.
base::Result<pid_t> StartDaemon(const std::vector<std::string>& argv, const std::string& folder,
                                const std::string& log_path,
                                const std::vector<std::string>& environment = {});

// True when a program started by StartDaemon in this process has ended; reaps it.
bool DaemonEnded(pid_t pid);

// The words of argv as a person would type them, for messages only.
std::string ToCommandLine(const std::vector<std::string>& argv);

}  // namespace tapiary::ovs
