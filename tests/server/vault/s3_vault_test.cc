// What concerns the bucket alone, on a real S3 server, and the options.
#include "server/vault/s3_vault.h"

#include <gtest/gtest.h>

#include "server/vault/s3_client.h"
#include "server/vault/s3_xml.h"
#include "tests/server/vault/vault_fixture.h"

namespace tapiary::server {
namespace {

TEST(S3Options, WrongOnesAreNamed) {
  S3Options good;
  good.endpoint = "https://s3.example:9000";
  good.bucket = "my.bucket-1";
  good.prefix = "a/b/";
  EXPECT_TRUE(CheckS3Options(good));
  const auto refused = [&good](auto change) {
    S3Options options = good;
    change(options);
    const auto checked = CheckS3Options(options);
    return checked ? std::string("taken") : checked.error().message;
  };
  for (const char* endpoint : {"", "s3.example", "ftp://h", "https://", "https://h/path",
                               "https://user@h", "https://h?x", "http://h\r\nx"}) {
    EXPECT_TRUE(
        refused([&](S3Options& o) { o.endpoint = endpoint; }).starts_with("vault.s3.endpoint"))
        << endpoint;
  }
  for (const char* bucket : {"", "ab", "Upper", "a/b", "a?b"}) {
    EXPECT_TRUE(refused([&](S3Options& o) { o.bucket = bucket; }).starts_with("vault.s3.bucket"));
  }
  for (const char* prefix : {"/a", "../", "a b/", "a?"}) {
    EXPECT_TRUE(refused([&](S3Options& o) { o.prefix = prefix; }).starts_with("vault.s3.prefix"));
  }
}

constexpr std::int64_t kAny = -5'000'000'000;  // the store tells whole seconds

class S3RealTest : public testing::Test {
 protected:
  void SetUp() override {
    if (S3Settings().empty()) GTEST_SKIP() << "TAPIARY_TEST_S3 names no S3 server's settings";
    options_ = TestS3Options(folder_.path());
  }
  // What a crash in the middle of an upload leaves: an upload with one part.
  void LeaveUpload(const std::string& tag) {
    S3Client client(options_);
    S3Request begin;
    begin.method = "POST";
    begin.key = options_.prefix + *MakeObjectName(tag, "crash");
    begin.query = {{"uploads", ""}};
    const auto begun = client.Send(begin);
    ASSERT_TRUE(begun) << begun.error().message;
    S3Request part;
    part.method = "PUT";
    part.key = begin.key;
    part.query = {{"partNumber", "1"}, {"uploadId", XmlText(XmlElement(begun->body, "UploadId"))}};
    part.text = Pattern(1000);
    ASSERT_TRUE(client.Send(part));
  }
  base::TempFolder folder_;
  S3Options options_;
};

TEST_F(S3RealTest, CO15_UploadsThatACrashLeftGoByAgeAndTag) {
  const auto vault = std::move(*OpenS3Vault(options_));
  for (int i = 0; i < 3; ++i) LeaveUpload(kTestTag);
  LeaveUpload("ffffffff");
  EXPECT_TRUE(ObjectsOf(*vault).empty());
  EXPECT_EQ(*vault->RemoveLeftovers(3'600'000'000'000), 0u);
  EXPECT_EQ(*vault->RemoveLeftovers(kAny), 3u);
  EXPECT_EQ(*vault->RemoveLeftovers(kAny), 0u);
  S3Options other = options_;
  other.tag = "ffffffff";
  EXPECT_EQ(*std::move(*OpenS3Vault(other))->RemoveLeftovers(kAny), 1u);
}

TEST_F(S3RealTest, WhatTheStoreRefusesIsExplained) {
  const std::string name = *MakeObjectName(kTestTag, "x");
  const auto size_with = [&](auto change) {
    S3Options options = options_;
    change(options);
    const auto size = std::move(*OpenS3Vault(options))->Size(name);
    return size ? base::Error{} : size.error();
  };
  const auto secret = size_with([](S3Options& o) { o.credentials.secret_key = "wrong"; });
  EXPECT_EQ(secret.code, base::ErrorCode::kPermission);
  EXPECT_NE(secret.message.find("secret key"), std::string::npos) << secret.message;
  const auto key = size_with([](S3Options& o) { o.credentials.access_key = "nobody"; });
  EXPECT_EQ(key.code, base::ErrorCode::kPermission);
  EXPECT_NE(key.message.find("access key"), std::string::npos) << key.message;
  const auto bucket = size_with([](S3Options& o) { o.bucket = "no-such-bucket"; });
  EXPECT_EQ(bucket.code, base::ErrorCode::kUnavailable);
  EXPECT_NE(bucket.message.find("no such bucket"), std::string::npos) << bucket.message;
}

TEST_F(S3RealTest, ListsMoreThanAPage) {
  const auto vault = std::move(*OpenS3Vault(options_));
  S3Client client(options_);
  for (int i = 0; i < 1005; ++i) {
    S3Request put;
    put.method = "PUT";
    put.key = options_.prefix + *MakeObjectName(kTestTag, "n");
    ASSERT_TRUE(client.Send(put));
  }
  EXPECT_EQ(ObjectsOf(*vault).size(), 1005u);
}

}  // namespace
}  // namespace tapiary::server
