#include "server/dissect/helper.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

constexpr int kSetupFailed = 125;
constexpr int kExecFailed = 127;
constexpr std::size_t kKeptTalk = 400;  // of its stderr, for the log

struct Pipe {
  base::UniqueFd read, write;
  static base::Result<Pipe> Make() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return base::Error::FromErrno(errno, "pipe2");
    Pipe pipe;
    pipe.read = base::UniqueFd(fds[0]);
    pipe.write = base::UniqueFd(fds[1]);
    return pipe;
  }
};

// What the child needs, made before it exists: it allocates nothing.
struct Prepared {
  std::vector<char*> argv;
  std::array<char*, 6> env;
  const char* program;
  const Confinement* confinement;
  int in, out, talk, file;
};

[[noreturn]] void Say(const char* what, int code) {
  const char* const why = ::strerrordesc_np(errno);
  if (::write(2, what, std::strlen(what)) < 0 || ::write(2, ": ", 2) < 0 ||
      (why != nullptr && ::write(2, why, std::strlen(why)) < 0)) {
    ::_exit(code);
  }
  ::_exit(code);
}

// In the child: system calls only.
[[noreturn]] void Become(const Prepared& prepared) {
  // Away from 0 to 3 first: none may be overwritten before it has its place.
  constexpr int kAway = 10;
  int fds[] = {prepared.in, prepared.out, prepared.talk, prepared.file};
  for (int& fd : fds) {
    if (fd >= 0) fd = ::fcntl(fd, F_DUPFD_CLOEXEC, kAway);
  }
  for (int place = 0; place < 4; ++place) {
    if (fds[place] < 0) {
      ::close(place);
    } else if (::dup2(fds[place], place) < 0) {
      ::_exit(kSetupFailed);
    }
  }
  ::syscall(SYS_close_range, 4u, ~0u, CLOSE_RANGE_CLOEXEC);  // whoever forgot to say so
  ::setsid();
  if (::chdir("/") != 0) Say("chdir", kSetupFailed);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const char* const failed = prepared.confinement->Apply();
  if (failed != nullptr) Say(failed, kSetupFailed);
  ::execve(prepared.program, prepared.argv.data(), prepared.env.data());
  Say("execve", kExecFailed);
}

// A process that ends with its owner.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Its status when it ends by `until_ns`.
  std::optional<int> Wait(std::int64_t until_ns) {
    int status = 0;
    while (true) {
      const pid_t done = ::waitpid(pid_, &status, WNOHANG);
      if (done == pid_) {
        pid_ = 0;
        return status;
      }
      if (base::SteadyNow() >= until_ns) return std::nullopt;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

 private:
  pid_t pid_;
};

base::Error TimeUp(const HelperLimits& limits) {
  return base::MakeError(
      base::ErrorCode::kTimeout,
      fmt::format("it did not end within {} s", limits.time_ns / base::kNanosPerSecond));
}

// Its stdout and stderr at once, so that it never waits for us.
class Talk {
 public:
  Talk(base::UniqueFd out, base::UniqueFd talk, const HelperLimits& limits)
      : out_(std::move(out)), talk_(std::move(talk)), limits_(limits) {}

  base::Result<> Run(std::int64_t until_ns) {
    for (const base::UniqueFd* fd : {&out_, &talk_}) {
      ::fcntl(fd->get(), F_SETFL, ::fcntl(fd->get(), F_GETFL) | O_NONBLOCK);
    }
    while (out_.valid()) {
      pollfd fds[] = {{out_.get(), POLLIN, 0}, {talk_.get(), POLLIN, 0}};
      const std::int64_t left_ms = (until_ns - base::SteadyNow()) / base::kNanosPerMilli;
      if (left_ms <= 0) return TimeUp(limits_);
      if (::poll(fds, 2, static_cast<int>(std::min<std::int64_t>(left_ms, 1000))) < 0 &&
          errno != EINTR) {
        return base::Error::FromErrno(errno, "poll");
      }
      if (fds[1].revents != 0) ReadTalk();
      if (fds[0].revents != 0) TAPIARY_TRY(ReadOutput());
    }
    if (talk_.valid()) ReadTalk();
    return {};
  }
  std::string& output() { return output_; }
  [[nodiscard]] std::string talk() const { return base::EscapeBytes(said_); }

 private:
  void ReadTalk() {
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(talk_.get(), buffer.data(), buffer.size());
    if (count == 0) talk_ = base::UniqueFd();
    if (count <= 0) return;
    said_.append(buffer.data(), static_cast<std::size_t>(count));
    if (said_.size() > kKeptTalk) said_.erase(0, said_.size() - kKeptTalk);
  }
  base::Result<> ReadOutput() {
    std::array<char, 65536> buffer;
    const ssize_t count = ::read(out_.get(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (count <= 0) {
      out_ = base::UniqueFd();
      return {};
    }
    output_.append(buffer.data(), static_cast<std::size_t>(count));
    if (output_.size() <= limits_.output_bytes) return {};
    return base::MakeError(base::ErrorCode::kTooLarge, "it wrote too much");
  }

  base::UniqueFd out_, talk_;
  const HelperLimits& limits_;
  std::string output_;
  std::string said_;
};

base::Result<> CheckStatus(int status, const std::string& said) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)) {
    return base::MakeError(base::ErrorCode::kTimeout, "it was killed for the time it took");
  }
  const std::string how = WIFSIGNALED(status)
                              ? fmt::format("it crashed (signal {})", WTERMSIG(status))
                              : fmt::format("it failed (exit {})", WEXITSTATUS(status));
  return base::MakeError(base::ErrorCode::kCorrupt, how + ": " + said);
}

}  // namespace

base::Result<base::UniqueFd> MakeMemoryFile() {
  base::UniqueFd fd(::memfd_create("tapiary-helper", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return base::Error::FromErrno(errno, "memfd_create");
  return fd;
}

base::Result<> SealMemoryFile(const base::UniqueFd& file) {
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) ==
      0) {
    return {};
  }
  return base::Error::FromErrno(errno, "fcntl(F_ADD_SEALS)");
}

base::Result<std::string> RunHelper(const HelperCommand& command) {
  if (::access(command.program.c_str(), X_OK) != 0) {
    return base::MakeError(base::ErrorCode::kUnsupported, command.program + " is not there");
  }
  TAPIARY_ASSIGN(const Confinement confinement,
                 Confinement::Make(command.limits, command.user, command.program));
  TAPIARY_ASSIGN(const base::UniqueFd input, MakeMemoryFile());
  TAPIARY_TRY(base::WriteAll(input.get(), base::AsBytes(command.input), "the helper's input"));
  ::lseek(input.get(), 0, SEEK_SET);
  TAPIARY_ASSIGN(Pipe out, Pipe::Make());
  TAPIARY_ASSIGN(Pipe talk, Pipe::Make());
  std::vector<std::string> words{command.program};
  words.insert(words.end(), command.arguments.begin(), command.arguments.end());
  std::string env[] = {"PATH=/usr/bin", "HOME=/nonexistent", "XDG_CONFIG_HOME=/nonexistent",
                       "LC_ALL=C.UTF-8", "TZ=UTC"};
  Prepared prepared{{},
                    {},
                    command.program.c_str(),
                    &confinement,
                    input.get(),
                    out.write.get(),
                    talk.write.get(),
                    command.file != nullptr ? command.file->get() : -1};
  for (std::string& word : words) prepared.argv.push_back(word.data());
  prepared.argv.push_back(nullptr);
  std::transform(std::begin(env), std::end(env), prepared.env.begin(),
                 [](std::string& text) { return text.data(); });

  const std::int64_t until_ns = base::SteadyNow() + command.limits.time_ns;
  const pid_t pid = ::fork();
  if (pid < 0) return base::Error::FromErrno(errno, "fork");
  if (pid == 0) Become(prepared);
  Child child(pid);
  out.write = base::UniqueFd();
  talk.write = base::UniqueFd();
  Talk dialog(std::move(out.read), std::move(talk.read), command.limits);
  TAPIARY_TRY(dialog.Run(until_ns));
  const auto status = child.Wait(until_ns);
  if (!status) return TimeUp(command.limits);
  TAPIARY_TRY(CheckStatus(*status, dialog.talk()));
  return std::move(dialog.output());
}

}  // namespace tapiary::server
