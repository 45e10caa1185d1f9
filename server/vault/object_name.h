// Names of the vault's objects: made here, never by a sender (CO-06). Pure.
//
// "ab/" + 32 random hex digits that begin with "ab" + "-" + [tag + "-"] + hint. The tag says which
// catalog the object belongs to, so that nobody removes what another catalog knows.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tapiary::server {

inline constexpr std::size_t kRandomHex = 32;
inline constexpr std::size_t kTagHex = 8;

// Lower-case hex digits alone.
bool IsHexText(std::string_view text);
// Empty, or kTagHex hex digits.
bool IsObjectTag(std::string_view tag);
bool IsObjectName(std::string_view name);
// `tag` may be empty. Characters of the hint that do not fit become '_'.
base::Result<std::string> MakeObjectName(std::string_view tag, std::string_view hint);
// False for an empty tag: what has none is nobody's.
bool HasTag(std::string_view name, std::string_view tag);
// kInvalid, with the name escaped.
base::Result<> CheckObjectName(const std::string& name);

}  // namespace tapiary::server
