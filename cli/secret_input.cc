#include "cli/secret_input.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/file.h"

namespace tapiary::cli {
namespace {

constexpr std::size_t kMaxSecret = 4096;

base::Error Invalid(const char* message) {
  return base::MakeError(base::ErrorCode::kInvalid, message);
}

// Turns the terminal's echo off as long as it lives.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd), ok_(tcgetattr(fd, &before_) == 0) {
    if (!ok_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ok_ = tcsetattr(fd, TCSAFLUSH, &silent) == 0;
  }
  ~NoEcho() {
    if (ok_) tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  int fd_;
  termios before_{};
  bool ok_;
};

base::Result<std::string> ReadLine(int fd) {
  std::string line;
  for (char c = 0; line.size() <= kMaxSecret;) {
    const ssize_t count = ::read(fd, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::Error::FromErrno(errno, "cannot read the password");
    if (count == 0 || c == '\n') return line;
    line += c;
  }
  return Invalid("the password is too long");
}

base::Result<std::string> Ask(int fd, std::string_view prompt) {
  TAPIARY_TRY(base::WriteAll(
      fd, base::Bytes(reinterpret_cast<const std::uint8_t*>(prompt.data()), prompt.size()),
      "/dev/tty"));
  TAPIARY_ASSIGN(std::string line, ReadLine(fd));
  constexpr std::array<std::uint8_t, 1> kEnd = {'\n'};  // the one typed was not echoed
  TAPIARY_TRY(base::WriteAll(fd, kEnd, "/dev/tty"));
  return line;
}

base::Result<std::string> AskTwice() {
  const base::UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC));
  if (!terminal.valid() || ::isatty(STDIN_FILENO) == 0) {
    return Invalid("there is no terminal to ask at: give --password-file FILE, or - for stdin");
  }
  const NoEcho silent(terminal.get());
  if (!silent.ok()) return Invalid("the terminal's echo cannot be turned off");
  TAPIARY_ASSIGN(std::string first, Ask(terminal.get(), "New password: "));
  TAPIARY_ASSIGN(const std::string second, Ask(terminal.get(), "Once more: "));
  if (first != second) return Invalid("the two are not the same");
  return first;
}

base::Result<std::string> ReadGiven(const std::string& file) {
  if (file == "-") return ReadLine(STDIN_FILENO);
  TAPIARY_ASSIGN(const std::string text, base::ReadFile(file, kMaxSecret));
  return text.substr(0, text.find('\n'));
}

}  // namespace

base::Result<std::string> ReadNewPassword(const std::string& file) {
  auto secret = file.empty() ? AskTwice() : ReadGiven(file);
  if (secret && !secret->empty() && secret->back() == '\r') secret->pop_back();
  if (secret && secret->empty()) return Invalid("the password is empty");
  return secret;
}

}  // namespace tapiary::cli
