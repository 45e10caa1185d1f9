#include "server/vault/object_name.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/text.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxHint = 40;
constexpr std::size_t kHexEnd = 3 + kRandomHex;

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool IsHintCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

bool IsHexText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), IsHex);
}

bool IsObjectTag(std::string_view tag) {
  return tag.empty() || (tag.size() == kTagHex && IsHexText(tag));
}

// No dot, so no way up.
bool IsObjectName(std::string_view name) {
  if (name.size() <= kHexEnd || name.size() > kHexEnd + 1 + kTagHex + 1 + kMaxHint) return false;
  if (name[2] != '/' || name[kHexEnd] != '-' || name.substr(0, 2) != name.substr(3, 2)) {
    return false;
  }
  const std::string_view hint = name.substr(kHexEnd + 1);
  return IsHexText(name.substr(3, kRandomHex)) &&
         std::all_of(hint.begin(), hint.end(), IsHintCharacter);
}

base::Result<std::string> MakeObjectName(std::string_view tag, std::string_view hint) {
  std::array<std::uint8_t, kRandomHex / 2> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return base::Error::FromErrno(errno, "vault: no random bytes");
  }
  const std::string hex = base::ToHex(bytes);
  std::string name = hex.substr(0, 2) + "/" + hex + "-";
  if (!tag.empty()) name.append(tag).append("-");
  for (const char c : hint.substr(0, kMaxHint)) name += IsHintCharacter(c) ? c : '_';
  return name;
}

bool HasTag(std::string_view name, std::string_view tag) {
  return !tag.empty() && IsObjectName(name) && name.size() > kHexEnd + 1 + kTagHex &&
         name.substr(kHexEnd + 1, kTagHex) == tag && name[kHexEnd + 1 + kTagHex] == '-';
}

base::Result<> CheckObjectName(const std::string& name) {
  if (IsObjectName(name)) return {};
  return base::MakeError(base::ErrorCode::kInvalid,
                         "vault: not an object's name: " + base::EscapeBytes(name));
}

}  // namespace tapiary::server
