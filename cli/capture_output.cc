#include "cli/capture_output.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace tapiary::cli {
namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// Without SA_RESTART, so that what waits is woken. A second interrupt ends the process.
void CatchInterrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = true; };
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

}  // namespace

bool Interrupted() {
  return interrupted;
}

base::Result<CaptureOutput> CaptureOutput::Open(const std::string& path) {
  CaptureOutput output;
  CatchInterrupts();
  struct stat info {};
  if (path.empty() || path == "-") {
    output.name_ = "standard output";
    output.standard_ = STDOUT_FILENO;
    output.is_file_ = fstat(STDOUT_FILENO, &info) == 0 && S_ISREG(info.st_mode);
  } else {
    output.name_ = path;
    output.is_file_ = stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode);
    if (!output.is_file_) TAPIARY_TRY(output.OpenFile());
  }
  if (isatty(output.fd()) == 1) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "packets are no text for a terminal: pipe them (| wireshark -k -i -) or "
                           "write them with -o FILE");
  }
  return output;
}

base::Result<> CaptureOutput::OpenFile() {
  file_ = base::UniqueFd(open(name_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file_.valid()) return {};
  const int error = errno;
  return base::Error::FromErrno(error, name_);
}

base::Result<> CaptureOutput::Write(std::string_view bytes) {
  if (fd() < 0) TAPIARY_TRY(OpenFile());
  while (!bytes.empty()) {
    const ssize_t written = write(fd(), bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    const int error = errno;
    if (error == EINTR && !Interrupted()) continue;
    if (error == EPIPE) reader_left_ = true;
    if (error == EAGAIN) {  // whoever gave us the pipe made it so
      pollfd ready{fd(), POLLOUT, 0};
      if (poll(&ready, 1, 1000) >= 0 || !Interrupted()) continue;
    }
    return base::Error::FromErrno(error, name_);
  }
  return {};
}

void CaptureOutput::Wait(int milliseconds) {
  if (ended()) return;
  pollfd reader{fd(), 0, 0};
  // A file is always "ready"; of a pipe only its end is told.
  if (is_file_) reader.fd = -1;
  if (poll(&reader, 1, milliseconds) == 1 && (reader.revents & (POLLERR | POLLNVAL)) != 0) {
    reader_left_ = true;
  }
}

base::Result<> CaptureOutput::Close() {
  if (!file_.valid()) return {};
  if (is_file_ && fsync(file_.get()) != 0) {
    const int error = errno;
    return base::Error::FromErrno(error, name_);
  }
  file_.reset();
  return {};
}

}  // namespace tapiary::cli
