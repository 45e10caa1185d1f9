#include "server/retention/disk.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/file.h"
#include "base/text.h"

namespace tapiary::server {

base::Result<DiskRoom> RoomOf(const std::string& folder) {
  struct stat info {};
  struct statvfs room {};
  if (::stat(folder.c_str(), &info) != 0 || ::statvfs(folder.c_str(), &room) != 0) {
    return base::Error::FromErrno(errno, "cannot look at the disk of " + folder);
  }
  return DiskRoom{info.st_dev, static_cast<std::int64_t>(room.f_bavail * room.f_frsize)};
}

std::string DiskWatch::Trouble() const {
  for (const std::string& folder : folders_) {
    const auto room = RoomOf(folder);
    if (!room || room->free_bytes >= min_free_bytes_) continue;
    return fmt::format(
        "disk full: {} left at the collector, at least {} should be: the oldest data "
        "goes, and what finds no room is refused",
        base::FormatSize(static_cast<std::uint64_t>(room->free_bytes)),
        base::FormatSize(static_cast<std::uint64_t>(min_free_bytes_)));
  }
  return {};
}

void DiskReserve::Make() {
  struct stat info {};
  if (::stat(path_.c_str(), &info) == 0) return;
  const auto room = RoomOf(std::filesystem::path(path_).parent_path());
  if (!room || room->free_bytes < 4 * kBytes) return;
  const base::UniqueFd fd(
      ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return;
  // A file system that cannot keep room has no use for it either.
  if (::posix_fallocate(fd.get(), 0, kBytes) != 0) ::unlink(path_.c_str());
}

bool DiskReserve::GiveUp() {
  return ::unlink(path_.c_str()) == 0;
}

}  // namespace tapiary::server
