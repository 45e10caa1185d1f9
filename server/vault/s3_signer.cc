#include "server/vault/s3_signer.h"

#include <fmt/core.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

std::string Hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  const base::Bytes bytes = base::AsBytes(text);
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes.data(), bytes.size(),
       out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string HexHash(std::string_view text) {
  return base::ToHex(base::Sha256Of(base::AsBytes(text)));
}

// "20261125T120000Z"
std::string Stamp(std::int64_t time_ns) {
  std::string text = base::FormatTime(time_ns).substr(0, 19) + "Z";
  std::erase(text, '-');
  std::erase(text, ':');
  return text;
}

}  // namespace

std::string S3Encode(std::string_view text, bool keep_slash) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || (keep_slash && c == '/');
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string S3Query(const S3Fields& query) {
  S3Fields encoded;
  for (const auto& [name, value] : query) {
    encoded.emplace_back(S3Encode(name, false), S3Encode(value, false));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string out;
  for (const auto& [name, value] : encoded) {
    if (!out.empty()) out += '&';
    out += name + '=' + value;
  }
  return out;
}

S3Fields S3Sign(const S3Signable& request, const S3Credentials& credentials,
                const std::string& region, std::int64_t time_ns) {
  const std::string stamp = Stamp(time_ns);
  S3Fields added{{"x-amz-content-sha256", request.payload_hash}, {"x-amz-date", stamp}};
  if (!credentials.session_token.empty()) {
    added.emplace_back("x-amz-security-token", credentials.session_token);
  }
  S3Fields signed_headers = request.headers;
  signed_headers.emplace_back("host", request.host);
  signed_headers.insert(signed_headers.end(), added.begin(), added.end());
  std::sort(signed_headers.begin(), signed_headers.end());
  std::string lines;
  std::string names;
  for (const auto& [name, value] : signed_headers) {
    lines += name + ':' + value + '\n';
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string canonical = request.method + '\n' + request.path + '\n' +
                                S3Query(request.query) + '\n' + lines + '\n' + names + '\n' +
                                request.payload_hash;
  const std::string day = stamp.substr(0, 8);
  const std::string scope = day + '/' + region + "/s3/aws4_request";
  const std::string text = "AWS4-HMAC-SHA256\n" + stamp + '\n' + scope + '\n' + HexHash(canonical);
  const std::string key =
      Hmac(Hmac(Hmac(Hmac("AWS4" + credentials.secret_key, day), region), "s3"), "aws4_request");
  added.emplace_back("authorization",
                     fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                                 credentials.access_key, scope, names,
                                 base::ToHex(base::AsBytes(Hmac(key, text)))));
  return added;
}

}  // namespace tapiary::server
