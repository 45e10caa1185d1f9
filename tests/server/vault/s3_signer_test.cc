// The examples of AWS's "Signature Calculations for the Authorization Header" for S3.
#include "server/vault/s3_signer.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

const S3Credentials kKeys{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};

std::string Signature(S3Signable request, std::string_view body = "") {
  request.host = "examplebucket.s3.amazonaws.com";
  request.payload_hash = base::ToHex(base::Sha256Of(base::AsBytes(body)));
  const std::int64_t time_ns = *base::ParseTime("2013-05-24T00:00:00Z");
  for (const auto& [name, value] : S3Sign(request, kKeys, "us-east-1", time_ns)) {
    if (name == "authorization") return value.substr(value.rfind('=') + 1);
  }
  return "";
}

TEST(S3Signer, SignsGetWithARange) {
  EXPECT_EQ(Signature({"GET", "/test.txt", {}, {{"range", "bytes=0-9"}}, "", ""}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(S3Signer, SignsPutWithABody) {
  EXPECT_EQ(Signature({"PUT",
                       S3Encode("/test$file.text", true),
                       {},
                       {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                        {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                       "",
                       ""},
                      "Welcome to Amazon S3."),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(S3Signer, SignsQueries) {
  EXPECT_EQ(Signature({"GET", "/", {{"lifecycle", ""}}, {}, "", ""}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(Signature({"GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}, "", ""}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(S3Signer, EncodesAndSorts) {
  EXPECT_EQ(S3Encode("a b/ä~+", true), "a%20b/%C3%A4~%2B");
  EXPECT_EQ(S3Encode("a/b", false), "a%2Fb");
  EXPECT_EQ(S3Query({{"uploadId", "x=/"}, {"partNumber", "3"}}), "partNumber=3&uploadId=x%3D%2F");
}

TEST(S3Signer, SignsTheTokenOfTemporaryCredentials) {
  S3Credentials keys = kKeys;
  keys.session_token = "TOKEN";
  const auto fields = S3Sign({"GET", "/", {}, {}, "h", "e"}, keys, "eu-1", 0);
  bool there = false;
  for (const auto& [name, value] : fields) {
    if (name == "authorization") {
      EXPECT_NE(value.find("x-amz-security-token"), std::string::npos);
    }
    there |= name == "x-amz-security-token" && value == "TOKEN";
  }
  EXPECT_TRUE(there);
}

}  // namespace
}  // namespace tapiary::server
