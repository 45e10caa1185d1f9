// Secrets that prove who calls (tokens, sessions): 256 random bits as text, of which only the
// SHA-256 is stored. That is enough for what cannot be guessed; passwords are in passwords.h.
// Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tapiary::server {

inline constexpr std::string_view kTokenPrefix = "tap_";
inline constexpr std::string_view kSessionPrefix = "tas_";

// `prefix` and 43 characters of base64url without padding (RFC 4648 section 5).
base::Result<std::string> MakeSecret(std::string_view prefix);
// True when the text has the form of a secret with this prefix; nothing else is looked up.
bool IsSecret(std::string_view text, std::string_view prefix);
// What is stored and looked up.
std::vector<std::uint8_t> HashSecret(std::string_view secret);

}  // namespace tapiary::server
