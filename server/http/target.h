// The request target of HTTP/1.1 (RFC 9112 section 3.2), split and percent-decoded exactly once.
//
// Strict: an escape that is not two hex digits, a NUL or another control character is an error, so
// that nothing behind it has to think about encodings (CO-06). Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tapiary::server {

struct Target {
  std::string path;                          // decoded; starts with '/'
  std::map<std::string, std::string> query;  // decoded, '+' is a space; the last of equal names
};

// Origin form and absolute form. kInvalid for all else.
base::Result<Target> ParseTarget(std::string_view text);

// Value of a cookie in a Cookie header (RFC 6265 section 5.4), or "". Views into `header`.
std::string_view FindCookie(std::string_view header, std::string_view name);

}  // namespace tapiary::server
