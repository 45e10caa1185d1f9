#include "server/ingest/scratch_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace tapiary::server {
namespace {

constexpr std::uint64_t kMostInMemory = 1u << 20;

base::Error NoRoom(int errno_value, const std::string& what) {
  base::Error error = base::Error::FromErrno(errno_value, what);
  error.code = base::ErrorCode::kUnavailable;
  return error;
}

}  // namespace

base::Result<ScratchFile> ScratchFile::Make(const std::string& folder,
                                            std::optional<std::uint64_t> bytes) {
  if (bytes && *bytes <= kMostInMemory) {
    base::UniqueFd memory(::memfd_create("tapiary-ingest", MFD_CLOEXEC));
    if (memory.valid()) return ScratchFile(std::move(memory));
  }
  base::UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd.valid()) {  // a file system without O_TMPFILE
    std::string path = folder + "/tapiary-ingest-XXXXXX";
    fd = base::UniqueFd(::mkostemp(path.data(), O_CLOEXEC));
    if (!fd.valid()) return NoRoom(errno, "cannot make a scratch file in " + folder);
    ::unlink(path.c_str());
  }
  return ScratchFile(std::move(fd));
}

base::Result<> ScratchFile::Append(base::Bytes bytes) {
  auto written = base::WriteAll(fd_.get(), bytes, "the scratch file");
  if (!written) return base::MakeError(base::ErrorCode::kUnavailable, written.error().message);
  return {};
}

std::string ScratchFile::path() const {
  return "/proc/self/fd/" + std::to_string(fd_.get());
}

}  // namespace tapiary::server
