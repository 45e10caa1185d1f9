#include "uplink/wire/signing.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/file.h"
#include "base/text.h"
#include "tests/base/temp_folder.h"

namespace tapiary::uplink {
namespace {

template <std::size_t N>
std::array<std::uint8_t, N> Hex(std::string_view text) {
  const auto bytes = base::FromHex(text);
  EXPECT_TRUE(bytes);
  std::array<std::uint8_t, N> out{};
  EXPECT_EQ(bytes->size(), N);
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

// RFC 8032 section 7.1, test 2.
TEST(Signing, GivesTheSignatureOfTheStandard) {
  const SigningKey key(Hex<32>("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  EXPECT_EQ(base::ToHex(key.public_key()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const std::uint8_t message[] = {0x72};
  const Signature signature = key.Sign(message);
  EXPECT_EQ(base::ToHex(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(VerifySignature(key.public_key(), message, signature));
  const std::uint8_t other[] = {0x73};
  EXPECT_FALSE(VerifySignature(key.public_key(), other, signature));
  Signature changed = signature;
  changed[3] ^= 1;
  EXPECT_FALSE(VerifySignature(key.public_key(), message, changed));
  EXPECT_FALSE(VerifySignature({}, message, signature));
}

TEST(Signing, AKeyIsMadeOnceAndForItsOwnerAlone) {
  const base::TempFolder folder;
  const std::string path = folder.path() + "/key";
  const auto made = SigningKey::LoadOrMake(path);
  ASSERT_TRUE(made) << made.error().message;
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const auto again = SigningKey::LoadOrMake(path);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key(), made->public_key());
  const auto other = SigningKey::LoadOrMake(folder.path() + "/other");
  ASSERT_TRUE(other);
  EXPECT_NE(other->public_key(), made->public_key());
  chmod(path.c_str(), 0640);
  EXPECT_EQ(SigningKey::LoadOrMake(path).error().code, base::ErrorCode::kPermission);
}

TEST(Signing, WhatIsNoKeyIsSaidAndKept) {
  const base::TempFolder folder;
  const std::string path = folder.path() + "/key";
  for (const std::string& content : {std::string(), std::string("00"), std::string(64, 'x')}) {
    std::ofstream(path) << content;
    chmod(path.c_str(), 0600);
    EXPECT_EQ(SigningKey::LoadOrMake(path).error().code, base::ErrorCode::kCorrupt);
    EXPECT_EQ(*base::ReadFile(path, 1000), content);
  }
}

}  // namespace
}  // namespace tapiary::uplink
