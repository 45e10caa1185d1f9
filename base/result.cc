#include "base/result.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <system_error>

namespace tapiary::base {

std::string_view ToString(ErrorCode code) {
  // In the order of the enumerators.
  constexpr std::string_view kNames[] = {"invalid",   "not found",   "exists",    "conflict",
                                         "corrupt",   "unsupported", "too large", "not permitted",
                                         "I/O error", "unavailable", "timed out", "internal error"};
  const auto index = static_cast<std::size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "unknown";
}

Error Error::WithContext(std::string_view context) const {
  return {code, std::string(context) + ": " + message};
}

std::string Error::ToString() const {
  return std::string(base::ToString(code)) + ": " + message;
}

Error Error::FromErrno(int errno_value, std::string_view what) {
  ErrorCode code = ErrorCode::kIo;
  if (errno_value == ENOENT || errno_value == ENODEV) code = ErrorCode::kNotFound;
  if (errno_value == EACCES || errno_value == EPERM) code = ErrorCode::kPermission;
  if (errno_value == EEXIST) code = ErrorCode::kExists;
  if (errno_value == ETIMEDOUT) code = ErrorCode::kTimeout;
  return {code, std::string(what) + ": " + std::generic_category().message(errno_value)};
}

void throw_exception_from_error(const Error& error, const boost::source_location& loc) {
  std::fprintf(stderr, "fatal: value of a failed result at %s:%u: %s\n", loc.file_name(),
               static_cast<unsigned>(loc.line()), error.ToString().c_str());
  std::abort();
}

}  // namespace tapiary::base
