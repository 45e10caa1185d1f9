#include "server/vault/object_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace tapiary::server {
namespace {

constexpr std::size_t kPieceBytes = 1u << 20;
constexpr std::size_t kAlignment = 4096;  // of what goes past the page cache; fits every disk
constexpr std::size_t kLeastDirect = 128u << 10;  // of a last piece: below, the cache is as good

base::Error CannotWrite(int errno_value) {
  base::Error error = base::Error::FromErrno(errno_value, "vault: cannot write");
  error.code = base::ErrorCode::kUnavailable;
  return error;
}

bool ChangeDirect(int fd, bool direct) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ::fcntl(fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

// 0 or an errno. A file system may refuse at the first write what it took as a flag.
int WriteAt(int fd, const std::uint8_t* bytes, std::size_t size, std::uint64_t offset) {
  bool asked_again = false;
  while (size > 0) {
    const ssize_t written = ::pwrite(fd, bytes, size, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EINVAL && !asked_again && ChangeDirect(fd, false)) {
      asked_again = true;
      continue;
    }
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    bytes += written;
    size -= static_cast<std::size_t>(written);
    offset += static_cast<std::uint64_t>(written);
  }
  return 0;
}

// Without O_DIRECT the disk should begin all the same, so that a sync has less to wait for.
int WritePiece(int fd, const std::uint8_t* bytes, std::uint64_t offset) {
  const int failed = WriteAt(fd, bytes, kPieceBytes, offset);
  if (failed == 0) {
    ::sync_file_range(fd, static_cast<off_t>(offset), kPieceBytes, SYNC_FILE_RANGE_WRITE);
  }
  return failed;
}

}  // namespace

ObjectFile::~ObjectFile() {
  if (result_.valid()) result_.wait();
}

void ObjectFile::SetDirect(bool direct) {
  if (direct != direct_ && ChangeDirect(fd_.get(), direct)) direct_ = direct;
}

base::Result<> ObjectFile::Settle() {
  if (!result_.valid()) return {};
  const int failed = result_.get();
  if (failed != 0) return CannotWrite(failed);
  return {};
}

base::Result<> ObjectFile::BeginPiece() {
  TAPIARY_TRY(Settle());
  SetDirect(true);
  std::swap(filling_, writing_);
  const auto write = [fd = fd_.get(), bytes = writing_.get(), offset = written_] {
    return WritePiece(fd, bytes, offset);
  };
  written_ += kPieceBytes;
  filled_ = 0;
  try {
    result_ = std::async(std::launch::async, write);
  } catch (const std::system_error&) {  // no thread is to be had
    if (const int failed = write(); failed != 0) return CannotWrite(failed);
  }
  return {};
}

base::Result<> ObjectFile::Append(base::Bytes bytes) {
  while (!bytes.empty()) {
    if (!filling_) {
      filling_.reset(static_cast<std::uint8_t*>(std::aligned_alloc(kAlignment, kPieceBytes)));
      if (!filling_) return CannotWrite(ENOMEM);
    }
    const std::size_t count = std::min(bytes.size(), kPieceBytes - filled_);
    std::memcpy(filling_.get() + filled_, bytes.data(), count);
    filled_ += count;
    bytes = bytes.subspan(count);
    if (filled_ == kPieceBytes) TAPIARY_TRY(BeginPiece());
  }
  return {};
}

// What is left over goes the usual way: it need not end where a sector does.
base::Result<> ObjectFile::Flush() {
  TAPIARY_TRY(Settle());
  if (filled_ == 0) {
    SetDirect(false);
    return {};
  }
  SetDirect(filled_ >= kLeastDirect && written_ % kAlignment == 0);
  const std::size_t whole = direct_ ? filled_ / kAlignment * kAlignment : 0;
  int failed = WriteAt(fd_.get(), filling_.get(), whole, written_);
  SetDirect(false);
  if (failed == 0) {
    failed = WriteAt(fd_.get(), filling_.get() + whole, filled_ - whole, written_ + whole);
  }
  if (failed != 0) return CannotWrite(failed);
  written_ += filled_;
  filled_ = 0;
  return {};
}

}  // namespace tapiary::server
