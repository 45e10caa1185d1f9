#include "ovs/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

namespace tapiary::ovs {
namespace {

using base::ErrorCode;
using base::UniqueFd;

// posix_spawn's two argument objects, destroyed at the end.
struct SpawnSetup {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigset_t all;
    sigfillset(&all);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  void SetFlags(int flags) {
    posix_spawnattr_setflags(
        &attributes, static_cast<short>(flags | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
  }
};

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Ours, without LC_* and LANG (messages are read by program), plus `added`.
std::vector<std::string> Environment(const std::vector<std::string>& added) {
  std::vector<std::string> variables = {"LC_ALL=C"};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with("LC_") || text.starts_with("LANG")) continue;
    const auto same_name = [&](const std::string& other) {
      return other.substr(0, other.find('=')) == text.substr(0, text.find('='));
    };
    if (std::none_of(added.begin(), added.end(), same_name)) variables.emplace_back(text);
  }
  variables.insert(variables.end(), added.begin(), added.end());
  return variables;
}

base::Result<pid_t> Spawn(const std::vector<std::string>& argv,
                          const std::vector<std::string>& variables, SpawnSetup* setup) {
  if (argv.empty()) return base::MakeError(ErrorCode::kInvalid, "empty command");
  pid_t pid = -1;
  const std::vector<char*> arguments = Pointers(argv);
  const std::vector<char*> environment = Pointers(variables);
  const int error = posix_spawnp(&pid, argv[0].c_str(), &setup->actions, &setup->attributes,
                                 arguments.data(), environment.data());
  if (error != 0) return base::Error::FromErrno(error, "cannot run " + base::EscapeBytes(argv[0]));
  return pid;
}

struct Stream {
  UniqueFd fd;
  std::string* text;
};

// Reads what is there; closes the stream at its end.
void Drain(Stream* stream, std::size_t max_bytes, bool* cut) {
  std::array<char, 65536> buffer;
  while (stream->fd.valid()) {
    const ssize_t got = read(stream->fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      stream->fd.reset();
      return;
    }
    const std::size_t room = max_bytes - std::min(max_bytes, stream->text->size());
    const std::size_t size = static_cast<std::size_t>(got);
    stream->text->append(buffer.data(), std::min(room, size));
    if (size > room) *cut = true;
  }
}

bool HasEnded(pid_t pid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid == pid;
}

// Until the child ends or the time is up. A grandchild that keeps the pipes open does not hold us.
void Supervise(pid_t pid, std::array<Stream, 2>* streams, const ProcessLimits& limits,
               ProcessResult* result) {
  const UniqueFd child(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  const std::int64_t deadline = base::SteadyNow() + limits.timeout.count() * base::kNanosPerMilli;
  while (true) {
    std::array<pollfd, 3> waits = {pollfd{(*streams)[0].fd.get(), POLLIN, 0},
                                   pollfd{(*streams)[1].fd.get(), POLLIN, 0},
                                   pollfd{child.get(), POLLIN, 0}};
    const std::int64_t left_ms = (deadline - base::SteadyNow()) / base::kNanosPerMilli;
    if (left_ms <= 0) {
      result->timed_out = true;
      kill(-pid, SIGKILL);
      break;
    }
    // Without a pidfd (an old kernel, a strict container) the end of the child is polled for.
    const std::int64_t wait_ms = std::min<std::int64_t>(left_ms, child.valid() ? 60'000 : 20);
    if (poll(waits.data(), waits.size(), static_cast<int>(wait_ms)) < 0 && errno != EINTR) {
      break;
    }
    for (Stream& stream : *streams) Drain(&stream, limits.max_output_bytes, &result->output_cut);
    if (HasEnded(pid)) break;
  }
}

void Reap(pid_t pid, ProcessResult* result) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && !result->timed_out) result->exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result->signal = WTERMSIG(status);
}

base::Result<> MakePipe(UniqueFd* read_end, UniqueFd* write_end) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return base::Error::FromErrno(errno, "pipe");
  *read_end = UniqueFd(ends[0]);
  *write_end = UniqueFd(ends[1]);
  return {};
}

// The child's side of StartTied, between fork and exec: async-signal-safe calls only.
[[noreturn]] void Become(char* const* arguments, char* const* environment,
                         const std::array<UniqueFd, 3>& streams, pid_t parent, int report) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  for (int number = 1; number < NSIG; ++number) std::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int i = 0; i < 3; ++i) dup2(streams[static_cast<std::size_t>(i)].get(), i);
  execvpe(arguments[0], arguments, environment);
  const int error = errno;
  (void)!write(report, &error, sizeof error);
  _exit(127);
}

// A child that ends with us: what an `up` had under way when it was killed must not write after
// the `down` that follows. posix_spawn cannot do that.
base::Result<pid_t> StartTied(const std::vector<std::string>& argv,
                              const std::array<UniqueFd, 3>& streams) {
  if (argv.empty()) return base::MakeError(ErrorCode::kInvalid, "empty command");
  const std::vector<std::string> variables = Environment({});
  const std::vector<char*> arguments = Pointers(argv);
  const std::vector<char*> environment = Pointers(variables);
  UniqueFd report;
  UniqueFd write_end;
  TAPIARY_TRY(MakePipe(&report, &write_end));
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return base::Error::FromErrno(errno, "fork");
  if (pid == 0) {
    Become(arguments.data(), environment.data(), streams, parent, write_end.get());
  }
  write_end.reset();
  int error = 0;
  ssize_t got = 0;
  do {  // ends when the program has started: it has its group by then
    got = read(report.get(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return pid;
  waitpid(pid, nullptr, 0);
  return base::Error::FromErrno(error, "cannot run " + base::EscapeBytes(argv[0]));
}

}  // namespace

base::Result<ProcessResult> RunProcess(const std::vector<std::string>& argv,
                                       const ProcessLimits& limits) {
  ProcessResult result;
  std::array<Stream, 2> streams = {Stream{UniqueFd(), &result.out},
                                   Stream{UniqueFd(), &result.err}};
  std::array<UniqueFd, 3> ends = {UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC))};
  for (std::size_t i = 0; i < 2; ++i) {
    TAPIARY_TRY(MakePipe(&streams[i].fd, &ends[i + 1]));
    fcntl(streams[i].fd.get(), F_SETFL, O_NONBLOCK);
  }
  TAPIARY_ASSIGN(const pid_t pid, StartTied(argv, ends));
  for (UniqueFd& end : ends) end.reset();
  Supervise(pid, &streams, limits, &result);
  Reap(pid, &result);
  for (Stream& stream : streams) Drain(&stream, limits.max_output_bytes, &result.output_cut);
  return result;
}

base::Result<std::string> RunChecked(const std::vector<std::string>& argv,
                                     const ProcessLimits& limits) {
  TAPIARY_ASSIGN(ProcessResult result, RunProcess(argv, limits));
  if (result.ok()) return std::move(result.out);
  const std::string command = ToCommandLine(argv);
  if (result.timed_out) {
    return base::MakeError(ErrorCode::kTimeout, command + ": no answer within " +
                                                    std::to_string(limits.timeout.count()) + " ms");
  }
  std::string reason =
      base::EscapeBytes(result.err.substr(0, result.err.find_last_not_of('\n') + 1));
  if (result.output_cut) reason = "its output is too long";
  if (reason.empty()) {
    reason = result.signal != 0 ? "killed by signal " + std::to_string(result.signal)
                                : "exit code " + std::to_string(result.exit_code);
  }
  return base::MakeError(ErrorCode::kIo, command + ": " + reason.substr(0, 1000));
}

base::Result<pid_t> StartDaemon(const std::vector<std::string>& argv, const std::string& folder,
                                const std::string& log_path,
                                const std::vector<std::string>& environment) {
  SpawnSetup setup;
  const UniqueFd log(open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!log.valid()) return base::Error::FromErrno(errno, log_path);
  posix_spawn_file_actions_addopen(&setup.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&setup.actions, log.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&setup.actions, log.get(), STDERR_FILENO);
  posix_spawn_file_actions_addchdir_np(&setup.actions, folder.c_str());
  setup.SetFlags(POSIX_SPAWN_SETSID);
  return Spawn(argv, Environment(environment), &setup);
}

bool DaemonEnded(pid_t pid) {
  return waitpid(pid, nullptr, WNOHANG) != 0;
}

std::string ToCommandLine(const std::vector<std::string>& argv) {
  std::string line;
  for (const std::string& word : argv) {
    if (!line.empty()) line += ' ';
    line += base::EscapeBytes(word);
  }
  return line;
}

}  // namespace tapiary::ovs
