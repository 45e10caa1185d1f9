#include "uplink/wire/signing.h"

#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/file.h"
#include "base/text.h"

namespace tapiary::uplink {

namespace {

using Seed = std::array<std::uint8_t, crypto_sign_SEEDBYTES>;

// Fails only where the system gives no random numbers.
void EnsureSodium() {
  static const bool ready = sodium_init() >= 0;
  if (ready) return;
  std::fputs("fatal: libsodium does not start\n", stderr);
  std::abort();
}

base::Result<> CheckMode(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    const int error = errno;
    return base::Error::FromErrno(error, path);
  }
  if (S_ISREG(info.st_mode) && (info.st_mode & 077) == 0) return {};
  return base::MakeError(base::ErrorCode::kPermission,
                         path + " must be a file that only its owner can read: chmod 600 " + path);
}

base::Result<Seed> ParseSeed(std::string text, const std::string& path) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const auto bytes = base::FromHex(text);
  Seed seed{};
  if (!bytes || bytes->size() != seed.size()) {
    return base::MakeError(base::ErrorCode::kCorrupt, path + " holds no signing key");
  }
  std::copy(bytes->begin(), bytes->end(), seed.begin());
  return seed;
}

}  // namespace

struct SigningKey::Secret {
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> bytes{};
  Secret() = default;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { sodium_memzero(bytes.data(), bytes.size()); }
};

SigningKey::SigningKey(const Seed& seed) : secret_(std::make_unique<Secret>()) {
  static_assert(std::tuple_size_v<PublicKey> == crypto_sign_PUBLICKEYBYTES);
  static_assert(std::tuple_size_v<Signature> == crypto_sign_BYTES);
  EnsureSodium();
  crypto_sign_seed_keypair(public_key_.data(), secret_->bytes.data(), seed.data());
}

SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

base::Result<SigningKey> SigningKey::LoadOrMake(const std::string& path) {
  constexpr std::size_t kMaxFileBytes = 256;
  auto text = base::ReadFile(path, kMaxFileBytes);
  if (text) {
    TAPIARY_TRY(CheckMode(path));
    TAPIARY_ASSIGN(const Seed seed, ParseSeed(std::move(*text), path));
    return SigningKey(seed);
  }
  if (text.error().code != base::ErrorCode::kNotFound) return text.error();
  EnsureSodium();
  Seed seed{};
  randombytes_buf(seed.data(), seed.size());
  TAPIARY_TRY(base::WriteFileDurably(path, base::AsBytes(base::ToHex(seed) + "\n"), 0600));
  SigningKey key(seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

Signature SigningKey::Sign(base::Bytes bytes) const {
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, bytes.data(), bytes.size(),
                       secret_->bytes.data());
  return signature;
}

bool VerifySignature(const PublicKey& key, base::Bytes bytes, const Signature& signature) {
  EnsureSodium();
  return crypto_sign_verify_detached(signature.data(), bytes.data(), bytes.size(), key.data()) == 0;
}

}  // namespace tapiary::uplink
