// Result<T>: a value or an Error. The only way a function of ours reports failure.
//
// Built on boost::system::result. We throw nothing: reading the value of a failed result is a
// broken invariant and ends the process with the error's text. Error codes are few, and tell the
// caller what it can do about it; the message tells a person what happened and is prefixed with
// context on the way up. Values are immutable and may cross threads.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace tapiary::base {

enum class ErrorCode {
  kInvalid,      // the input is wrong; the same call fails again
  kNotFound,     // what was named is not there
  kExists,       // what was to be made is there already
  kConflict,     // it is there with other content
  kCorrupt,      // stored or received bytes break their format
  kUnsupported,  // legal, but not handled here
  kTooLarge,     // a limit was passed
  kPermission,   // not allowed
  kIo,           // the operating system or disk said no
  kUnavailable,  // a peer or service is not there now; try again later
  kTimeout,      // it did not end in time
  kInternal,     // none of the above: a library failed in a way that it does not explain
};

std::string_view ToString(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;

  // The same error, its message prefixed with "context: ".
  [[nodiscard]] Error WithContext(std::string_view context) const;
  // "invalid: message"
  [[nodiscard]] std::string ToString() const;
  // An Error of kIo (or kNotFound, kPermission, kExists) from an errno value: "what: strerror".
  static Error FromErrno(int errno_value, std::string_view what);
};

// Found by argument-dependent look-up when value() meets an error: prints and aborts.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& loc);

template <class T = void>
class [[nodiscard]] Result : public boost::system::result<T, Error> {
 public:
  using boost::system::result<T, Error>::result;
};

inline Error MakeError(ErrorCode code, std::string message) {
  return {code, std::move(message)};
}

}  // namespace tapiary::base

// Returns from the enclosing function with the error of `expr`, if it has one.
#define TAPIARY_TRY(expr)                                       \
  do {                                                          \
    auto&& tapiary_try_result = (expr);                         \
    if (!tapiary_try_result) return tapiary_try_result.error(); \
  } while (false)

#define TAPIARY_CONCAT_INNER(a, b) a##b
#define TAPIARY_CONCAT(a, b) TAPIARY_CONCAT_INNER(a, b)
// NOLINTBEGIN(bugprone-macro-parentheses): the parameter declares a variable
// TAPIARY_ASSIGN(auto x, Foo());  declares or sets x from the value, or returns the error.
#define TAPIARY_ASSIGN(lhs, expr) \
  TAPIARY_ASSIGN_INNER(TAPIARY_CONCAT(tapiary_result_, __LINE__), lhs, expr)
#define TAPIARY_ASSIGN_INNER(tmp, lhs, expr) \
  auto tmp = (expr);                         \
  if (!tmp) return tmp.error();              \
  lhs = std::move(*tmp)
// NOLINTEND(bugprone-macro-parentheses)
