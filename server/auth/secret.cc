#include "server/auth/secret.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kTextLength = 43;  // of 32 bytes in base64 without padding

std::string ToBase64Url(base::Bytes bytes) {
  std::string text = base::ToBase64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

bool IsBase64Url(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace

base::Result<std::string> MakeSecret(std::string_view prefix) {
  std::array<std::uint8_t, kRandomBytes> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return base::MakeError(base::ErrorCode::kInternal, "the system gives no random bytes");
  }
  return std::string(prefix) + ToBase64Url(bytes);
}

bool IsSecret(std::string_view text, std::string_view prefix) {
  return text.size() == prefix.size() + kTextLength && text.starts_with(prefix) &&
         std::ranges::all_of(text.substr(prefix.size()), IsBase64Url);
}

std::vector<std::uint8_t> HashSecret(std::string_view secret) {
  const base::Sha256Digest digest = base::Sha256Of(base::AsBytes(secret));
  return {digest.begin(), digest.end()};
}

}  // namespace tapiary::server
