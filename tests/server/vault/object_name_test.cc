#include "server/vault/object_name.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

TEST(ObjectName, IsMadeOfTagAndHint) {
  const std::string name = *MakeObjectName("00ff00ff", "Plant A");
  EXPECT_TRUE(IsObjectName(name)) << name;
  EXPECT_TRUE(name.ends_with("-00ff00ff-_lant__")) << name;
  EXPECT_TRUE(HasTag(name, "00ff00ff"));
  EXPECT_FALSE(HasTag(name, "00ff00fe"));
  EXPECT_FALSE(HasTag(name, ""));
  EXPECT_TRUE(IsObjectName(*MakeObjectName("00ff00ff", std::string(99, 'x'))));
}

TEST(ObjectName, WithoutATagIsNobodys) {
  const std::string name = *MakeObjectName("", "plant");
  EXPECT_TRUE(IsObjectName(name));
  EXPECT_FALSE(HasTag(name, ""));
  EXPECT_FALSE(HasTag(*MakeObjectName("", "00ff00f"), "00ff00f"));
}

TEST(ObjectName, TagsAreEightDigits) {
  EXPECT_TRUE(IsObjectTag(""));
  EXPECT_TRUE(IsObjectTag("0123abcd"));
  for (const char* tag : {"0123abc", "0123ABCD", "0123abcd0", "0123abc/"}) {
    EXPECT_FALSE(IsObjectTag(tag)) << tag;
  }
}

}  // namespace
}  // namespace tapiary::server
