#include "uplink/wire/token_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/base/temp_folder.h"

namespace tapiary::uplink {
namespace {

using base::ErrorCode;

base::Result<std::string> Read(const std::string& text, int mode = 0600) {
  const base::TempFolder folder;
  const std::string path = folder.path() + "/token";
  std::ofstream(path) << text;
  std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode));
  return ReadTokenFile(path);
}

TEST(TokenFile, CO08_TokensAreSecrets) {
  EXPECT_EQ(Read("abc\r\n").value(), "abc");
  EXPECT_EQ(Read("abc", 0640).error().code, ErrorCode::kPermission);
  EXPECT_EQ(Read("abc", 0604).error().code, ErrorCode::kPermission);
  EXPECT_EQ(ReadTokenFile("/nowhere/token").error().code, ErrorCode::kNotFound);
  for (const char* text : {"", "\n", "a b", "a\nb", "a\x01", "\xc3\xa4"}) {
    EXPECT_EQ(Read(text).error().code, ErrorCode::kInvalid) << text;
  }
  EXPECT_EQ(Read(std::string(5000, 'a')).error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace tapiary::uplink
