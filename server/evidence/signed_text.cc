#include "server/evidence/signed_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::json;

std::string Base64Url(std::string_view bytes) {
  std::string text = base::ToBase64(base::AsBytes(bytes));
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

base::Result<std::vector<std::uint8_t>> FromBase64Url(std::string_view part) {
  std::string text(part);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  while (text.size() % 4 != 0) text.push_back('=');
  return base::FromBase64(text);
}

}  // namespace

std::string KeyId(const uplink::PublicKey& key) {
  const std::string members =
      R"({"crv":"Ed25519","kty":"OKP","x":")" + Base64Url(base::AsText(key)) + "\"}";
  return Base64Url(base::AsText(base::Sha256Of(base::AsBytes(members))));
}

std::string KeyJson(const uplink::PublicKey& key) {
  const nlohmann::ordered_json json = {
      {"kty", "OKP"}, {"crv", "Ed25519"}, {"x", Base64Url(base::AsText(key))},
      {"use", "sig"}, {"alg", "EdDSA"},   {"kid", KeyId(key)}};
  return json.dump();
}

std::string SignedText(const uplink::SigningKey& key, std::string_view payload) {
  const Json header = {{"alg", "EdDSA"}, {"kid", KeyId(key.public_key())}};
  std::string text = Base64Url(header.dump()) + "." + Base64Url(payload);
  const uplink::Signature signature = key.Sign(base::AsBytes(text));
  return text + "." + Base64Url(base::AsText(signature));
}

base::Result<std::string> OpenSignedText(const uplink::PublicKey& key, std::string_view text) {
  const base::Error bad = base::MakeError(base::ErrorCode::kCorrupt, "no good signature");
  const std::size_t first = text.find('.');
  const std::size_t last = text.rfind('.');
  if (first == text.npos || first == last) return bad;
  const auto header = FromBase64Url(text.substr(0, first));
  const auto payload = FromBase64Url(text.substr(first + 1, last - first - 1));
  const auto bytes = FromBase64Url(text.substr(last + 1));
  uplink::Signature signature{};
  if (!header || !payload || !bytes || bytes->size() != signature.size()) return bad;
  const Json json = Json::parse(base::AsText(*header), nullptr, false);
  if (!json.is_object() || json.value("alg", Json()) != "EdDSA" || json.contains("crit"))
    return bad;
  std::ranges::copy(*bytes, signature.begin());
  if (!uplink::VerifySignature(key, base::AsBytes(text.substr(0, last)), signature)) return bad;
  return std::string(base::AsText(*payload));
}

}  // namespace tapiary::server
