// Regular expressions of `matches`: RE2's language in so far as SQLite's side (RE2) and
// PostgreSQL's own engine can be made to find the same.
//
// Read here and written again with only what both understand alike: texts, sets, groups, | * + ?
// {m,n}, ^ $ and \b \B. Upper and lower case of a to z are equal unless the pattern begins with
// (?-i), as in Wireshark. It is judged on the text as it is shown: what base::EscapeBytes escapes
// is looked for in that form, so \\ finds a backslash and \x00 a NUL byte. Hostile input: length,
// nesting and the expanded size are limited. Pure; any thread. Source: RE2's syntax page;
// PostgreSQL 15, 9.7.3 (advanced regular expressions).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tapiary::server {

inline constexpr std::size_t kMaxPatternBytes = 512;
inline constexpr std::size_t kMaxPatternDepth = 16;
inline constexpr std::size_t kMaxPatternSize = 1000;  // elements, counted repetitions written out

struct PatternError {
  std::size_t position = 0;  // byte of the pattern
  std::string message;
};

// The pattern in the common form. False with *error when it is none, or too large.
bool RewritePattern(std::string_view text, std::string* common, PatternError* error);

}  // namespace tapiary::server
