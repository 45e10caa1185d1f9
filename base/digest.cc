#include "base/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "base/text.h"

namespace tapiary::base {

namespace {

// SHA-256 of bytes in memory fails only when memory is gone or OpenSSL is built without it.
void Check(bool good) {
  if (good) return;
  std::fputs("fatal: SHA-256 failed in OpenSSL\n", stderr);
  std::abort();
}

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  Check(state_->context && EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}

Sha256::Sha256(const Sha256& other) : Sha256() {
  Check(EVP_MD_CTX_copy_ex(state_->context.get(), other.state_->context.get()) == 1);
}

Sha256::~Sha256() = default;

void Sha256::Update(Bytes bytes) {
  Check(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

Sha256Digest Sha256::Finish() {
  Sha256Digest digest{};
  Check(EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr) == 1);
  return digest;
}

Sha256Digest Sha256Of(Bytes bytes) {
  Sha256 sha;
  sha.Update(bytes);
  return sha.Finish();
}

std::string FormatContentDigest(const Sha256Digest& digest) {
  return "sha-256=:" + ToBase64(digest) + ":";
}

// A dictionary of RFC 8941: members by commas, the last of equal keys counts, parameters are
// ignored.
Result<Sha256Digest> ParseContentDigest(std::string_view header) {
  constexpr std::string_view kKey = "sha-256=";
  std::optional<std::string_view> found;
  while (!header.empty()) {
    const std::size_t comma = header.find(',');
    const std::string_view member = Trim(header.substr(0, comma));
    if (member.starts_with(kKey)) found = member.substr(kKey.size());
    header = comma == std::string_view::npos ? std::string_view{} : header.substr(comma + 1);
  }
  if (!found) return MakeError(ErrorCode::kInvalid, "Content-Digest has no sha-256 member");
  const std::string_view value = Trim(found->substr(0, found->find(';')));
  const bool framed = value.size() == 46 && value.front() == ':' && value.back() == ':';
  const auto bytes = FromBase64(framed ? value.substr(1, 44) : "");
  Sha256Digest digest{};
  if (!bytes || bytes->size() != digest.size()) {
    return MakeError(ErrorCode::kInvalid, "Content-Digest: sha-256 is not :BASE64: of 32 bytes");
  }
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

}  // namespace tapiary::base
