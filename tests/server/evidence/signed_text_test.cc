#include "server/evidence/signed_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tapiary::server {
namespace {

// The key of RFC 8037, appendix A.
uplink::SigningKey RfcKey() {
  const auto seed =
      *base::FromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  std::array<std::uint8_t, 32> bytes{};
  std::copy(seed.begin(), seed.end(), bytes.begin());
  return uplink::SigningKey(bytes);
}

TEST(SignedText, NamesTheKeyAsRfc8037Does) {
  const uplink::SigningKey key = RfcKey();
  EXPECT_EQ(KeyId(key.public_key()), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");  // A.3
  const auto json = nlohmann::json::parse(KeyJson(key.public_key()));
  EXPECT_EQ(json["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
  EXPECT_EQ(json["kty"], "OKP");
  EXPECT_EQ(json["crv"], "Ed25519");
}

// Appendix A.4, whose header has no key's name.
TEST(SignedText, OpensTheRfcsOwnExample) {
  const auto opened = OpenSignedText(
      RfcKey().public_key(),
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(*opened, "Example of Ed25519 signing");
}

TEST(SignedText, OpensWhatItSignedAndNothingElse) {
  const uplink::SigningKey key = RfcKey();
  const std::string text = SignedText(key, "{\"offered\":1}");
  EXPECT_EQ(*OpenSignedText(key.public_key(), text), "{\"offered\":1}");
  EXPECT_FALSE(OpenSignedText(uplink::SigningKey({1}).public_key(), text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = other[i] == 'A' ? 'B' : 'A';
    // The last character of a part has bits that say nothing.
    const auto opened = OpenSignedText(key.public_key(), other);
    EXPECT_TRUE(!opened || *opened == "{\"offered\":1}") << i;
  }
  for (const char* bad : {"", ".", "..", "a.b", "a.b.c.d", "eyJhbGciOiJub25lIn0.e30."}) {
    EXPECT_FALSE(OpenSignedText(key.public_key(), bad)) << bad;
  }
}

}  // namespace
}  // namespace tapiary::server
