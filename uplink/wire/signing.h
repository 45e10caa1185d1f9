// Ed25519 (RFC 8032): the keys that sensors and collectors sign with, by libsodium.
//
// A key file holds the 32-byte seed in hex and is readable by its owner alone. Signing is
// deterministic: the same bytes have the same signature. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/byte_cursor.h"
#include "base/result.h"

namespace tapiary::uplink {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

class SigningKey {
 public:
  // Reads the file, or makes it with a new key, durably, mode 0600. kPermission when others may
  // read it, kCorrupt when it holds no key.
  static base::Result<SigningKey> LoadOrMake(const std::string& path);
  // From a seed; for tests with known keys.
  explicit SigningKey(const std::array<std::uint8_t, 32>& seed);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] Signature Sign(base::Bytes bytes) const;

 private:
  struct Secret;
  PublicKey public_key_{};
  std::unique_ptr<Secret> secret_;
};

bool VerifySignature(const PublicKey& key, base::Bytes bytes, const Signature& signature);

}  // namespace tapiary::uplink
