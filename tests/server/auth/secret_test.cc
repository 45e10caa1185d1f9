#include "server/auth/secret.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

TEST(Secret, IsNewEachTimeAndKnownByItsForm) {
  const auto one = MakeSecret(kTokenPrefix);
  const auto other = MakeSecret(kTokenPrefix);
  ASSERT_TRUE(one && other);
  EXPECT_NE(*one, *other);
  EXPECT_TRUE(IsSecret(*one, kTokenPrefix));
  EXPECT_FALSE(IsSecret(*one, kSessionPrefix));
  EXPECT_NE(HashSecret(*one), HashSecret(*other));
  EXPECT_EQ(HashSecret(*one).size(), 32U);
}

TEST(Secret, OtherFormsAreNone) {
  const std::string good = "tap_" + std::string(43, 'a');
  EXPECT_TRUE(IsSecret(good, kTokenPrefix));
  for (const std::string& bad :
       {std::string(), std::string("tap_"), good + "a", good.substr(1),
        "TAP_" + std::string(43, 'a'), "tap_" + std::string(42, 'a') + "+",
        "tap_" + std::string(42, 'a') + '\0', "tap_" + std::string(42, 'a') + "\xff",
        "tap_" + std::string(10'000, 'a')}) {
    EXPECT_FALSE(IsSecret(bad, kTokenPrefix)) << bad.substr(0, 60);
  }
}

}  // namespace
}  // namespace tapiary::server
