#include "uplink/wire/token_file.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"

namespace tapiary::uplink {
namespace {

using base::ErrorCode;
using base::MakeError;

constexpr std::size_t kMaxTokenBytes = 4096;

}  // namespace

base::Result<std::string> ReadTokenFile(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    const int error = errno;
    return base::Error::FromErrno(error, "token file " + path);
  }
  if (!S_ISREG(info.st_mode) || (info.st_mode & 077) != 0) {
    return MakeError(ErrorCode::kPermission,
                     fmt::format("token file {} must be a file that only its owner can read: "
                                 "chmod 600 {}",
                                 path, path));
  }
  TAPIARY_ASSIGN(std::string token, base::ReadFile(path, kMaxTokenBytes));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  const auto bad = [](char c) { return c <= ' ' || c > '~'; };
  if (token.empty() || std::any_of(token.begin(), token.end(), bad)) {
    return MakeError(ErrorCode::kInvalid, fmt::format("token file {} holds no token", path));
  }
  return token;
}

}  // namespace tapiary::uplink
