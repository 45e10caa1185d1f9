#include "base/digest.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"

namespace tapiary::base {
namespace {

TEST(Sha256, MatchesTheVectorsOfFips180) {
  EXPECT_EQ(ToHex(Sha256Of({})),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(ToHex(Sha256Of(AsBytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(ToHex(Sha256Of(AsBytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, PartsGiveTheDigestOfTheWhole) {
  const std::string text(1000, 'a');
  Sha256 sha;
  for (std::size_t i = 0; i < text.size(); i += 7)
    sha.Update(AsBytes(text).subspan(i).first(std::min<std::size_t>(7, text.size() - i)));
  EXPECT_EQ(sha.Finish(), Sha256Of(AsBytes(text)));
}

// The example of RFC 9530 appendix B.1.
constexpr const char* kExample = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
constexpr const char* kExampleBody = "{\"hello\": \"world\"}\n";

TEST(ContentDigest, FormatsTheExampleOfRfc9530) {
  EXPECT_EQ(FormatContentDigest(Sha256Of(AsBytes(kExampleBody))), kExample);
}

TEST(ContentDigest, FindsSha256AmongOthers) {
  const Sha256Digest expected = Sha256Of(AsBytes(kExampleBody));
  const std::string example = kExample;
  for (const std::string& header :
       {example, "sha-512=:AAAA:, " + example, example + ",sha-512=:AAAA:", "\t" + example + " ",
        example + ";q=1", "sha-256=:AAAA:, " + example}) {
    const auto parsed = ParseContentDigest(header);
    ASSERT_TRUE(parsed) << header;
    EXPECT_EQ(*parsed, expected) << header;
  }
}

TEST(ContentDigest, RefusesWhatIsNoDigest) {
  for (const char* header :
       {"", ",", ",,,,", "sha-256", "sha-256=", "sha-256=:", "sha-256=::", "sha-256=:AAAA:",
        "sha-512=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
        "sha-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg:",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDh=:",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabD-=:",
        "sha-256=:44f0ab2d7c3250525675a08f0cfa9591168cffe51791c5f5bbc417c15a6c38:"}) {
    const auto parsed = ParseContentDigest(header);
    ASSERT_FALSE(parsed) << header;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace tapiary::base
