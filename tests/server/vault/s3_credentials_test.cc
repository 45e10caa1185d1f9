#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "server/vault/s3_signer.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

TEST(S3Credentials, ReadsTheDefaultSection) {
  const auto keys = ParseS3Credentials(
      "# mine\n[other]\naws_access_key_id=wrong\n[default]\r\n aws_access_key_id = AK \r\n"
      "aws_secret_access_key=a=b/c+\naws_session_token = t\n[third]\naws_access_key_id=wrong\n");
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(keys->access_key, "AK");
  EXPECT_EQ(keys->secret_key, "a=b/c+");
  EXPECT_EQ(keys->session_token, "t");
}

TEST(S3Credentials, CO08_ErrorsNameWhatIsMissingAndNoSecret) {
  for (const char* text : {"aws_access_key_id=PUBLIC\n", "aws_secret_access_key=HUSH\n",
                           "aws_access_key_id=PUBLIC\naws_secret_access_key=HU SH\n",
                           "aws_access_key_id=PUBLIC\naws_secret_access_key=HUSH\x01\n", ""}) {
    const auto keys = ParseS3Credentials(text);
    ASSERT_FALSE(keys) << text;
    EXPECT_EQ(keys.error().code, base::ErrorCode::kInvalid);
    EXPECT_EQ(keys.error().message.find("HU"), std::string::npos);
    EXPECT_EQ(keys.error().message.find("PUBLIC"), std::string::npos);
  }
}

TEST(S3Credentials, FromFileOrEnvironment) {
  const base::TempFolder folder;
  const std::string path = folder.path() + "/keys";
  EXPECT_EQ(LoadS3Credentials(path).error().code, base::ErrorCode::kInvalid);
  std::ofstream(path) << "aws_access_key_id=A\naws_secret_access_key=B\n";
  EXPECT_EQ(LoadS3Credentials(path)->secret_key, "B");
  ::unsetenv("AWS_ACCESS_KEY_ID");
  EXPECT_NE(LoadS3Credentials("").error().message.find("AWS_ACCESS_KEY_ID"), std::string::npos);
  ::setenv("AWS_ACCESS_KEY_ID", "C", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "D", 1);
  EXPECT_EQ(LoadS3Credentials("")->secret_key, "D");
}

}  // namespace
}  // namespace tapiary::server
