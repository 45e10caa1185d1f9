// SHA-256, incremental and at once, and the Content-Digest header of RFC 9530.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_cursor.h"
#include "base/result.h"

namespace tapiary::base {

using Sha256Digest = std::array<std::uint8_t, 32>;

// Not thread-safe; one user at a time. Finish may be called once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256& other);  // goes on from the same bytes
  Sha256& operator=(const Sha256&) = delete;
  void Update(Bytes bytes);
  Sha256Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Digest Sha256Of(Bytes bytes);
// "sha-256=:BASE64:"
std::string FormatContentDigest(const Sha256Digest& digest);
// Finds the sha-256 member among others; kInvalid when there is none or it is not 32 bytes.
Result<Sha256Digest> ParseContentDigest(std::string_view header);

}  // namespace tapiary::base
