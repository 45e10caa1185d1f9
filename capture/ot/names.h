// NameOf: the name of a code, from a protocol's own table.
//
// Pure; any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

namespace tapiary::capture {

struct CodeName {
  std::uint16_t code;
  std::string_view name;
};

// `rows` by code, each code once. Empty for a code that is not there.
inline std::string_view NameOf(std::span<const CodeName> rows, std::uint16_t code) {
  const auto found = std::ranges::lower_bound(rows, code, {}, &CodeName::code);
  return found != rows.end() && found->code == code ? found->name : std::string_view();
}

}  // namespace tapiary::capture
