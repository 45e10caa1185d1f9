#include "server/vault/object_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>

namespace tapiary::server {
namespace {

constexpr std::uint64_t kBeginBytes = 256u << 10;
constexpr std::uint64_t kKeepBytes = 4u << 20;  // a sync each takes time, too

// 0 or an errno.
int WriteAt(int fd, base::Bytes bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return 0;
}

// 0 or an errno.
int Keep(int fd) {
  return ::fdatasync(fd) == 0 ? 0 : errno;
}

}  // namespace

base::Error CannotStore(int errno_value, const std::string& what) {
  base::Error error = base::Error::FromErrno(errno_value, what);
  error.code = base::ErrorCode::kUnavailable;
  return error;
}

ObjectFile::~ObjectFile() {
  if (sync_.valid()) sync_.wait();
}

// The kernel tells of what it could not write back only once: a failed sync fails the file.
base::Result<> ObjectFile::EndSync() {
  if (!sync_.valid()) return {};
  if (const int failed = sync_.get(); failed != 0)
    return CannotStore(failed, "vault: cannot write");
  return {};
}

// Of all that is written by now; not while the last one goes on.
base::Result<> ObjectFile::BeginSync() {
  if (sync_.valid() && sync_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return {};
  }
  TAPIARY_TRY(EndSync());
  kept_ = written_;
  try {
    sync_ = std::async(std::launch::async, Keep, fd_.get());
  } catch (const std::system_error&) {  // no thread is to be had: Sync does all of it
  }
  return {};
}

base::Result<> ObjectFile::Append(base::Bytes bytes) {
  if (const int failed = WriteAt(fd_.get(), bytes, written_); failed != 0) {
    return CannotStore(failed, "vault: cannot write");
  }
  written_ += bytes.size();
  if (written_ - begun_ < kBeginBytes) return {};
  ::sync_file_range(fd_.get(), static_cast<off_t>(begun_), static_cast<off_t>(written_ - begun_),
                    SYNC_FILE_RANGE_WRITE);
  begun_ = written_;
  if (written_ - kept_ < kKeepBytes) return {};
  return BeginSync();
}

base::Result<> ObjectFile::Sync() {
  TAPIARY_TRY(EndSync());
  if (::fsync(fd_.get()) != 0) return CannotStore(errno, "vault: cannot write");
  return {};
}

}  // namespace tapiary::server
