#include "ovs/name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tapiary::ovs {
namespace {

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsNameCharacter(char c) {
  return IsAlphanumeric(c) || c == '_' || c == '.' || c == '-';
}

}  // namespace

base::Result<> CheckName(std::string_view what, std::string_view name, std::size_t max_size) {
  const std::string shown = base::EscapeBytes(name.substr(0, 80));
  if (name.empty()) {
    return base::MakeError(base::ErrorCode::kInvalid, fmt::format("{}: the name is empty", what));
  }
  if (name.size() > max_size) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           fmt::format("{} \"{}\": the name has {} characters, the limit is {}",
                                       what, shown, name.size(), max_size));
  }
  if (!IsAlphanumeric(name[0]) || !std::all_of(name.begin(), name.end(), IsNameCharacter)) {
    return base::MakeError(
        base::ErrorCode::kInvalid,
        fmt::format("{} \"{}\": a name begins with a letter or digit and has only letters, digits, "
                    "'_', '.' and '-'",
                    what, shown));
  }
  return {};
}

base::Result<> CheckInterfaceName(std::string_view what, std::string_view name) {
  TAPIARY_TRY(CheckName(what, name, kMaxInterfaceName));
  static constexpr std::array<std::string_view, 6> kReserved = {"all",        "default",    "lo",
                                                                "ovs-netdev", "ovs-system", "none"};
  if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
    return base::MakeError(
        base::ErrorCode::kInvalid,
        fmt::format("{} \"{}\": the name is reserved by the system", what, name));
  }
  return {};
}

}  // namespace tapiary::ovs
