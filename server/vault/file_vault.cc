// FileVault: objects as files in two levels, "ab/abcdef...-hint", written under tmp/ in the same
// file system, renamed, and synced before anybody is told the name. What a power cut leaves between
// the two has no row in the catalog. Names are random, so two collectors may share a folder.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "server/vault/object_file.h"
#include "server/vault/object_name.h"
#include "server/vault/vault.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxRead = 1u << 30;  // one range; callers read blocks

// A disk that does not answer may do so later; what is not there stays so.
base::Error Failure(int errno_value, const std::string& what) {
  base::Error error = base::Error::FromErrno(errno_value, what);
  if (error.code == base::ErrorCode::kIo) error.code = base::ErrorCode::kUnavailable;
  return error;
}

base::Result<std::string> ReadAt(int fd, std::uint64_t offset, std::size_t size,
                                 const std::string& name) {
  if (size > kMaxRead || offset > static_cast<std::uint64_t>(INT64_MAX)) {
    return base::MakeError(base::ErrorCode::kTooLarge, "vault: range too large");
  }
  std::string out(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(fd, out.data() + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    // A sector that has rotted is read in no later life either.
    if (got < 0 && errno == EIO) {
      return base::MakeError(base::ErrorCode::kCorrupt, "vault: the disk cannot read " + name);
    }
    if (got < 0) return Failure(errno, "vault: cannot read " + name);
    if (got == 0) {
      return base::MakeError(
          base::ErrorCode::kCorrupt,
          fmt::format("vault: {} ends at {}, before {}", name, offset + done, offset + size));
    }
    done += static_cast<std::size_t>(got);
  }
  return out;
}

// 0 or an errno.
int Rename(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

class PendingFile final : public PendingObject {
 public:
  PendingFile(std::string folder, std::string name, std::string temporary, base::UniqueFd fd)
      : folder_(std::move(folder)),
        name_(std::move(name)),
        temporary_(std::move(temporary)),
        file_(std::move(fd)) {}
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  ~PendingFile() override {
    if (!committed_) ::unlink(temporary_.c_str());
  }

  base::Result<> Append(base::Bytes bytes) override { return file_.Append(bytes); }
  [[nodiscard]] std::uint64_t size() const override { return file_.size(); }
  base::Result<std::string> ReadRange(std::uint64_t offset, std::size_t size) override {
    return ReadAt(file_.fd(), offset, size, name_);
  }
  base::Result<std::string> Commit() override;

 private:
  base::Result<> MakeDurable(const std::string& sub_folder);

  std::string folder_;
  std::string name_;
  std::string temporary_;
  ObjectFile file_;
  bool committed_ = false;
};

// Behind the rename: a file system with a journal then writes contents and name at once, and what
// is left of the folder's own sync is to see that.
base::Result<> PendingFile::MakeDurable(const std::string& sub_folder) {
  TAPIARY_TRY(file_.Sync());
  return base::SyncFolder(sub_folder);
}

base::Result<std::string> PendingFile::Commit() {
  const std::string sub_folder = folder_ + "/" + name_.substr(0, 2);
  const std::string path = folder_ + "/" + name_;
  int failed = Rename(temporary_, path);
  if (failed == ENOENT) {  // the disk was full at the start, or somebody tidied up
    if (::mkdir(sub_folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return CannotStore(errno, "vault: cannot make a folder");
    }
    TAPIARY_TRY(base::SyncFolder(folder_));
    failed = Rename(temporary_, path);
  }
  if (failed != 0) return CannotStore(failed, "vault: cannot rename to " + name_);
  committed_ = true;
  if (auto durable = MakeDurable(sub_folder); !durable) {
    ::unlink(path.c_str());  // not known to be durable: it must not look stored
    return durable.error();
  }
  return name_;
}

// An open folder and its entries.
class Folder {
 public:
  explicit Folder(const std::string& path) : dir_(::opendir(path.c_str())) {}
  ~Folder() {
    if (dir_ != nullptr) ::closedir(dir_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] bool valid() const { return dir_ != nullptr; }
  [[nodiscard]] int fd() const { return ::dirfd(dir_); }
  [[nodiscard]] const dirent* Next() const { return ::readdir(dir_); }

 private:
  DIR* dir_;
};

// A rename changes the ctime: the age counts from when the object became visible.
std::int64_t ChangedAt(const struct stat& status) {
  return std::int64_t{status.st_ctim.tv_sec} * base::kNanosPerSecond + status.st_ctim.tv_nsec;
}

base::Result<std::uint64_t> RemoveTemporary(const std::string& path, std::int64_t min_age_ns) {
  const Folder folder(path);
  if (!folder.valid()) return Failure(errno, "vault: cannot list " + path);
  std::uint64_t removed = 0;
  const std::int64_t now_ns = base::WallNow();
  while (const dirent* entry = folder.Next()) {
    const std::string_view name = entry->d_name;
    struct stat status {};
    if (name.size() != kRandomHex || !IsHexText(name) ||
        ::fstatat(folder.fd(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        now_ns - ChangedAt(status) < min_age_ns) {
      continue;
    }
    if (::unlinkat(folder.fd(), entry->d_name, 0) == 0) ++removed;
  }
  return removed;
}

class FileVault final : public Vault {
 public:
  FileVault(std::string folder, std::string tag, base::UniqueFd lock)
      : folder_(std::move(folder)), tag_(std::move(tag)), lock_(std::move(lock)) {}

  base::Result<std::unique_ptr<PendingObject>> Create(std::string_view hint) override;
  base::Result<std::string> ReadRange(const std::string& name, std::uint64_t offset,
                                      std::size_t size) override {
    TAPIARY_ASSIGN(const base::UniqueFd fd, OpenObject(name));
    return ReadAt(fd.get(), offset, size, name);
  }
  void WillRead(const std::string& name, std::uint64_t offset, std::size_t size) override;
  base::Result<std::uint64_t> Size(const std::string& name) override;
  base::Result<> Delete(const std::string& name) override;
  base::Result<> ForEach(const ObjectVisitor& visit) override;
  base::Result<std::uint64_t> RemoveLeftovers(std::int64_t min_age_ns) override {
    return RemoveTemporary(folder_ + "/tmp", min_age_ns);
  }
  base::Result<> Check() override {
    TAPIARY_ASSIGN(const auto object, Create("probe"));  // removed again: never committed
    const std::uint8_t byte = 0;
    TAPIARY_TRY(object->Append({&byte, 1}));
    TAPIARY_TRY(object->ReadRange(0, 1));  // by then it is written
    return {};
  }

 private:
  [[nodiscard]] base::Result<std::string> PathOf(const std::string& name) const;
  [[nodiscard]] base::Result<base::UniqueFd> OpenObject(const std::string& name) const;

  std::string folder_;
  std::string tag_;
  base::UniqueFd lock_;  // shared, held for life: whose temporary files are alive
};

base::Result<std::string> FileVault::PathOf(const std::string& name) const {
  TAPIARY_TRY(CheckObjectName(name));
  return folder_ + "/" + name;
}

base::Result<base::UniqueFd> FileVault::OpenObject(const std::string& name) const {
  TAPIARY_ASSIGN(const std::string path, PathOf(name));
  base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return Failure(errno, "vault: cannot open " + name);
  return fd;
}

base::Result<std::unique_ptr<PendingObject>> FileVault::Create(std::string_view hint) {
  TAPIARY_ASSIGN(const std::string name, MakeObjectName(tag_, hint));
  std::string temporary = folder_ + "/tmp/" + name.substr(3, kRandomHex);
  base::UniqueFd fd(
      ::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return CannotStore(errno, "vault: cannot make a temporary object");
  return std::unique_ptr<PendingObject>(
      std::make_unique<PendingFile>(folder_, name, std::move(temporary), std::move(fd)));
}

// The kernel reads into its page cache, as far as it likes.
void FileVault::WillRead(const std::string& name, std::uint64_t offset, std::size_t size) {
  const auto fd = OpenObject(name);
  if (!fd || offset > static_cast<std::uint64_t>(INT64_MAX) || size > kMaxRead) return;
  (void)::posix_fadvise(fd->get(), static_cast<off_t>(offset), static_cast<off_t>(size),
                        POSIX_FADV_WILLNEED);
}

base::Result<std::uint64_t> FileVault::Size(const std::string& name) {
  TAPIARY_ASSIGN(const base::UniqueFd fd, OpenObject(name));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Failure(errno, "vault: cannot stat " + name);
  return static_cast<std::uint64_t>(status.st_size);
}

base::Result<> FileVault::Delete(const std::string& name) {
  TAPIARY_ASSIGN(const std::string path, PathOf(name));
  if (::unlink(path.c_str()) == 0) return base::SyncFolder(path.substr(0, path.rfind('/')));
  if (errno == ENOENT) return {};
  return Failure(errno, "vault: cannot delete " + name);
}

// One folder of objects. False when the visitor has seen enough.
bool VisitFolder(const Folder& folder, const std::string& prefix, std::int64_t now_ns,
                 const ObjectVisitor& visit) {
  while (const dirent* entry = folder.Next()) {
    ObjectInfo object{prefix + entry->d_name, 0, 0};
    struct stat status {};
    if (!IsObjectName(object.name) ||
        ::fstatat(folder.fd(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode)) {
      continue;
    }
    object.bytes = static_cast<std::uint64_t>(status.st_size);
    object.age_ns = now_ns - ChangedAt(status);
    if (!visit(object)) return false;
  }
  return true;
}

base::Result<> FileVault::ForEach(const ObjectVisitor& visit) {
  for (int i = 0; i < 256; ++i) {
    const std::string prefix = fmt::format("{:02x}/", i);
    const Folder folder(folder_ + "/" + prefix);
    if (!folder.valid() && errno == ENOENT) continue;
    if (!folder.valid()) return Failure(errno, "vault: cannot list " + prefix);
    if (!VisitFolder(folder, prefix, base::WallNow(), visit)) return {};
  }
  return {};
}

// All at once, so that no upload has to make one and wait for its sync. One that cannot be made
// now, on a full disk, is made when an object needs it.
base::Result<> MakeSubFolders(const std::string& folder) {
  for (int i = 0; i < 256; ++i) (void)::mkdir(fmt::format("{}/{:02x}", folder, i).c_str(), 0700);
  return base::SyncFolder(folder);  // before anybody is told of an object in them
}

}  // namespace

base::Result<std::unique_ptr<Vault>> OpenFileVault(const std::string& folder,
                                                   const std::string& tag) {
  if (!IsObjectTag(tag)) return base::MakeError(base::ErrorCode::kInvalid, "vault: a wrong tag");
  const std::string temporary = folder + "/tmp";
  TAPIARY_TRY(base::MakeFolders(temporary, 0700));
  const std::string path = temporary + "/lock";
  base::UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.valid()) return Failure(errno, "vault: cannot open " + path);
  // Alone here: nobody writes what is in tmp. With another collector alive, it is left alone.
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) {
    TAPIARY_TRY(RemoveTemporary(temporary, INT64_MIN));
  }
  while (::flock(lock.get(), LOCK_SH) != 0) {  // an exclusive one is held for a moment only
    if (errno != EINTR) return Failure(errno, "vault: cannot lock " + path);
  }
  TAPIARY_TRY(MakeSubFolders(folder));
  return std::unique_ptr<Vault>(std::make_unique<FileVault>(folder, tag, std::move(lock)));
}

}  // namespace tapiary::server
