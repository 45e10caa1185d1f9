#include "capture/flow/community_id.h"

#include <openssl/evp.h>

#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "base/text.h"

namespace tapiary::capture {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Fetched once: OpenSSL 3 looks algorithms up by name otherwise, which costs more than the hash.
const EVP_MD* Sha1() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return algorithm;
}

bool HasPorts(std::uint8_t proto) {
  return proto == 1 || proto == 6 || proto == 17 || proto == 58 || proto == 132;
}

std::size_t Append(std::uint8_t* out, std::size_t at, const std::uint8_t* from, std::size_t size) {
  std::memcpy(out + at, from, size);
  return at + size;
}

}  // namespace

std::string CommunityId(const IpAddress& src, const IpAddress& dst, std::uint16_t src_port,
                        std::uint16_t dst_port, std::uint8_t proto, bool one_way) {
  const IpAddress* low = &src;
  const IpAddress* high = &dst;
  const std::size_t size = src.version == 4 ? 4 : 16;
  const int order = std::memcmp(src.bytes.data(), dst.bytes.data(), size);
  if (!one_way && (order > 0 || (order == 0 && src_port > dst_port))) {
    std::swap(low, high);
    std::swap(src_port, dst_port);
  }
  // seed 2, addresses, protocol, padding, ports 2 + 2
  std::array<std::uint8_t, 2 + 32 + 2 + 4> input{};
  std::size_t used = 2;
  used = Append(input.data(), used, low->bytes.data(), size);
  used = Append(input.data(), used, high->bytes.data(), size);
  input[used++] = proto;
  input[used++] = 0;
  if (HasPorts(proto)) {
    const std::uint8_t ports[4] = {
        static_cast<std::uint8_t>(src_port >> 8), static_cast<std::uint8_t>(src_port),
        static_cast<std::uint8_t>(dst_port >> 8), static_cast<std::uint8_t>(dst_port)};
    used = Append(input.data(), used, ports, sizeof ports);
  }
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  std::array<std::uint8_t, 20> digest{};
  unsigned digest_size = 0;
  if (Sha1() == nullptr || context == nullptr ||
      EVP_DigestInit_ex2(context.get(), Sha1(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), input.data(), used) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), &digest_size) != 1) {
    return {};  // no SHA-1 in this OpenSSL: null is better than a wrong id
  }
  return "1:" + base::ToBase64(digest);
}

}  // namespace tapiary::capture
