#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace tapiary::base {

namespace {

Result<UniqueFd> Open(const std::string& path, int flags, unsigned mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, static_cast<mode_t>(mode));
  if (fd < 0) return Error::FromErrno(errno, "cannot open " + path);
  return UniqueFd(fd);
}

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<> WriteTemporary(const std::string& path, Bytes bytes, unsigned mode) {
  TAPIARY_ASSIGN(const UniqueFd fd, Open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode));
  // The mode that was asked for, whatever the umask is and whatever was left behind here.
  if (::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0) {
    return Error::FromErrno(errno, "cannot set the mode of " + path);
  }
  TAPIARY_TRY(WriteAll(fd.get(), bytes, path));
  if (::fsync(fd.get()) != 0) return Error::FromErrno(errno, "cannot sync " + path);
  return {};
}

}  // namespace

void UniqueFd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes) {
  TAPIARY_ASSIGN(const UniqueFd fd, Open(path, O_RDONLY, 0));
  std::string content;
  char chunk[65536];
  while (true) {
    const ssize_t got = ::read(fd.get(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::FromErrno(errno, "cannot read " + path);
    if (got == 0) return content;
    const auto size = static_cast<std::size_t>(got);
    if (size > max_bytes - content.size()) {
      return MakeError(ErrorCode::kTooLarge,
                       path + " is larger than " + std::to_string(max_bytes) + " bytes");
    }
    content.append(chunk, size);
  }
}

Result<> WriteAll(int fd, Bytes bytes, const std::string& path_for_errors) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Error::FromErrno(errno, "cannot write " + path_for_errors);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<> WriteFileDurably(const std::string& path, Bytes bytes, unsigned mode) {
  const std::string temporary = path + ".tmp";
  Result<> written = WriteTemporary(temporary, bytes, mode);
  if (written && std::rename(temporary.c_str(), path.c_str()) != 0) {
    written = Error::FromErrno(errno, "cannot rename " + temporary + " to " + path);
  }
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  return SyncFolder(FolderOf(path));
}

Result<> SyncFolder(const std::string& path) {
  TAPIARY_ASSIGN(const UniqueFd fd, Open(path, O_RDONLY | O_DIRECTORY, 0));
  if (::fsync(fd.get()) != 0) return Error::FromErrno(errno, "cannot sync folder " + path);
  return {};
}

Result<> MakeFolders(const std::string& path, unsigned mode) {
  if (path.empty()) return MakeError(ErrorCode::kInvalid, "the name of a folder is empty");
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), static_cast<mode_t>(mode)) != 0 && errno != EEXIST) {
      return Error::FromErrno(errno, "cannot make folder " + part);
    }
  }
  TAPIARY_TRY(Open(path, O_RDONLY | O_DIRECTORY, 0));  // what was there may be no folder
  return {};
}

}  // namespace tapiary::base
