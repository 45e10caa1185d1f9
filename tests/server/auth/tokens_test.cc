#include "server/auth/tokens.h"

#include "base/clock.h"
#include "tests/server/auth/fixture.h"

namespace tapiary::server::test {
namespace {

TEST_F(AuthTest, ASensorsTokenNamesItsSensor) {
  const std::string token = Make("plant-a", Scope::kSensor);
  EXPECT_EQ(token.size(), 47U);
  EXPECT_EQ(token.substr(0, 4), "tap_");
  EXPECT_EQ(token.find_first_of("+/="), std::string::npos);
  const auto identity = FindIdentity(*catalog_, token, base::WallNow());
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->scope, Scope::kSensor);
  EXPECT_EQ(identity->sensor_name, "plant-a");
  EXPECT_EQ(identity->sensor_id, Number("SELECT id FROM sensors"));
  EXPECT_NE(Make("plant-a", Scope::kSensor), token);
  EXPECT_EQ(Number("SELECT count(*) FROM sensors"), 1);
}

TEST_F(AuthTest, EveryScopeIsStoredAndFoundAgain) {
  for (const Scope scope : {Scope::kSensor, Scope::kViewer, Scope::kAnalyst, Scope::kAdmin}) {
    const std::string token = Make("plant-a", scope);
    const auto identity = FindIdentity(*catalog_, token, base::WallNow());
    ASSERT_TRUE(identity) << token;
    EXPECT_EQ(identity->scope, scope);
    EXPECT_EQ(ParseScope(ToString(scope)), scope);
  }
  EXPECT_FALSE(ParseScope("root"));
}

TEST_F(AuthTest, BadNamesAreRefused) {
  for (const char* name : {"", "-a", "A", "a b", "a/b"}) {
    EXPECT_EQ(Make(name, Scope::kSensor).substr(0, 6), "error:") << name;
  }
  EXPECT_EQ(Make(std::string(64, 'a'), Scope::kSensor).substr(0, 6), "error:");
  EXPECT_EQ(Make("a\nb", Scope::kViewer).substr(0, 6), "error:");
  EXPECT_EQ(Make("a", Scope::kPublic).substr(0, 6), "error:");
  EXPECT_EQ(Number("SELECT count(*) FROM tokens"), 0);
}

TEST_F(AuthTest, UnknownExpiredAndRevokedAreTheSame) {
  const std::string token = Make("ann", Scope::kViewer, 1000);
  EXPECT_TRUE(FindIdentity(*catalog_, token, 999));
  const auto expired = FindIdentity(*catalog_, token, 1000);
  ASSERT_TRUE(RevokeToken(*catalog_, 1));
  const auto revoked = FindIdentity(*catalog_, token, 999);
  for (const auto& refused :
       {expired, revoked, FindIdentity(*catalog_, "tap_x", 0), FindIdentity(*catalog_, "", 0),
        FindIdentity(*catalog_, "tap_" + std::string(1000, 'a'), 0)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::ErrorCode::kPermission);
    EXPECT_EQ(refused.error().message, expired.error().message);
  }
}

TEST_F(AuthTest, RevokesOnceAndKeepsAnAudit) {
  Make("ann", Scope::kAdmin);
  EXPECT_EQ(RevokeToken(*catalog_, 7).error().code, base::ErrorCode::kNotFound);
  EXPECT_TRUE(RevokeToken(*catalog_, 1));
  EXPECT_TRUE(RevokeToken(*catalog_, 1));
  EXPECT_EQ(Number("SELECT count(*) FROM audit"), 2);
  const auto tokens = ListTokens(*catalog_);
  ASSERT_TRUE(tokens);
  ASSERT_EQ(tokens->size(), 1U);
  EXPECT_EQ(tokens->front().scope, "admin");
  EXPECT_TRUE(tokens->front().revoked_ns);
}

}  // namespace
}  // namespace tapiary::server::test
