#include "server/auth/login.h"

#include <chrono>

#include "base/clock.h"
#include "tests/server/auth/fixture.h"

namespace tapiary::server::test {
namespace {

using Outcome = LoginAnswer::Outcome;

class LoginTest : public AuthTest {
 protected:
  void SetUp() override { AddUser("ann", Scope::kAnalyst); }
  LoginAnswer In(const std::string& user, const std::string& password,
                 const std::string& peer = "10.0.0.1", const std::string& old_cookie = {}) {
    LoginTry attempt;
    attempt.user = user;
    attempt.password = password;
    attempt.peer = peer;
    attempt.old_cookie = old_cookie;
    const auto answer = LogIn(context_, attempt);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : LoginAnswer();
  }
};

TEST_F(LoginTest, TheRightPasswordOpensASessionAndIsAudited) {
  const LoginAnswer answer = In("ann", kGood);
  ASSERT_EQ(answer.outcome, Outcome::kIn);
  EXPECT_EQ(answer.identity.user_name, "ann");
  EXPECT_EQ(answer.identity.scope, Scope::kAnalyst);
  EXPECT_TRUE(Session(answer.cookie));
  EXPECT_EQ(Number("SELECT COUNT(*) FROM users WHERE last_login_ns IS NOT NULL"), 1);
  EXPECT_EQ(Texts("SELECT peer FROM audit WHERE actor = 'ann' AND action = 'login'"), "10.0.0.1\n");
}

TEST_F(LoginTest, AllWrongProofsAreOneAnswer) {
  ASSERT_TRUE(ChangeUser(*catalog_, "ann", {.disabled = true}, {"x"}));
  EXPECT_EQ(In("ann", kGood, "10.0.0.2").outcome, Outcome::kWrong);
  ASSERT_TRUE(ChangeUser(*catalog_, "ann", {.disabled = false}, {"x"}));
  for (const char* password : {"", "wrong password", "Correct horse battery"}) {
    EXPECT_EQ(In("ann", password).outcome, Outcome::kWrong) << password;
  }
  int at = 0;
  for (const std::string& user :
       {std::string(), std::string("bob"), std::string("ANN"), std::string("ann "),
        std::string("ann\0", 4), std::string("me"), std::string("' OR 1=1 --"), std::string("\xff"),
        std::string(100'000, 'a')}) {
    const std::string peer = "10.0.2." + std::to_string(++at);
    EXPECT_EQ(In(user, kGood, peer).outcome, Outcome::kWrong) << at;
  }
  EXPECT_EQ(In("ann", std::string(1'000'000, 'a'), "10.0.0.4").outcome, Outcome::kWrong);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM sessions"), 0);
}

TEST_F(LoginTest, CO08_WhatWasTypedAsANameOrPasswordIsNotWrittenDown) {
  In("my-secret-password", "another secret word");
  In("ann", "wrong but secret");
  const std::string all = Texts("SELECT actor || ' ' || detail || ' ' || peer FROM audit");
  EXPECT_EQ(all.find("secret"), std::string::npos) << all;
  EXPECT_NE(all.find("unknown  10.0.0.1"), std::string::npos) << all;
}

// The work for a name that nobody has is that for one that somebody has.
TEST_F(LoginTest, TheTimeDoesNotTellWhoHasAnAccount) {
  Passwords slow({.passes = 2, .memory_bytes = 32 * 1024 * 1024});
  const AuthContext context{*catalog_, attempts_, logins_, slow};
  ASSERT_TRUE(SetPassword(*catalog_, "ann", *slow.Hash(kGood), false, {"x"}));
  const auto measure = [&](const char* user, int at) {
    LoginTry attempt;
    const std::string peer = "10.1.0." + std::to_string(at);
    attempt.user = user;
    attempt.password = "wrong password";
    attempt.peer = peer;
    const std::int64_t start_ns = base::SteadyNow();
    EXPECT_TRUE(LogIn(context, attempt));
    return base::SteadyNow() - start_ns;
  };
  measure("ann", 1);  // makes the hash that stands for nobody's
  std::int64_t known = INT64_MAX, unknown = INT64_MAX;
  for (int i = 2; i < 12; ++i) {
    known = std::min(known, measure("ann", i));
    unknown = std::min(unknown, measure("nobody", i + 20));
  }
  EXPECT_LT(unknown, known * 2);
  EXPECT_LT(known, unknown * 2);
}

TEST_F(LoginTest, GuessingEndsAndTheRightPasswordThenWaitsToo) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(In("ann", "wrong password").outcome, Outcome::kWrong);
  const LoginAnswer answer = In("ann", kGood);
  EXPECT_EQ(answer.outcome, Outcome::kWait);
  EXPECT_GT(answer.wait_ns, 800 * base::kNanosPerSecond);
  EXPECT_EQ(In("ann", kGood, "10.0.0.2").outcome, Outcome::kIn);  // she is elsewhere
}

TEST_F(LoginTest, AFloodIsAnsweredWithoutTheCatalog) {
  for (int i = 0; i < 40; ++i) In("nobody", "wrong password");
  const std::int64_t counted =
      Number("SELECT attempts FROM login_attempts WHERE key = 'network 10.0.0.1'");
  EXPECT_LE(counted, 25);
  EXPECT_EQ(In("nobody", "wrong password").outcome, Outcome::kWait);
}

TEST_F(LoginTest, ASessionIsNewEachTimeAndTheOldOneOfTheBrowserEnds) {
  const std::string planted = "tas_" + std::string(43, 'a');
  const LoginAnswer first = In("ann", kGood, "10.0.0.1", planted);
  EXPECT_NE(first.cookie, planted);
  EXPECT_FALSE(Session(planted));
  const LoginAnswer second = In("ann", kGood, "10.0.0.1", first.cookie);
  EXPECT_FALSE(Session(first.cookie));
  EXPECT_TRUE(Session(second.cookie));
}

TEST_F(LoginTest, AHashOfAnotherCostIsRenewedAtLogin) {
  Passwords dearer({.passes = 2, .memory_bytes = 16384});
  const AuthContext context{*catalog_, attempts_, logins_, dearer};
  LoginTry attempt;
  attempt.user = "ann";
  attempt.password = kGood;
  attempt.peer = "10.0.0.1";
  EXPECT_EQ(LogIn(context, attempt)->outcome, Outcome::kIn);
  EXPECT_FALSE(dearer.IsOutdated(FindUser(*catalog_, "ann")->password));
  EXPECT_EQ(LogIn(context, attempt)->outcome, Outcome::kIn);
}

TEST_F(LoginTest, ANewPasswordEndsAllSessionsAndOpensOne) {
  const LoginAnswer one = In("ann", kGood);
  const LoginAnswer other = In("ann", kGood, "10.0.0.2");
  LoginTry attempt;
  attempt.user = "ann";
  attempt.peer = "10.0.0.1";
  attempt.password = "wrong password";
  const std::string fresh = "a new and longer one";
  EXPECT_EQ(ChangePassword(context_, one.identity, attempt, fresh)->outcome, Outcome::kWrong);
  attempt.password = kGood;
  EXPECT_FALSE(ChangePassword(context_, one.identity, attempt, "short"));
  EXPECT_FALSE(ChangePassword(context_, one.identity, attempt, kGood));
  const auto changed = ChangePassword(context_, one.identity, attempt, fresh);
  ASSERT_TRUE(changed);
  ASSERT_EQ(changed->outcome, Outcome::kIn);
  EXPECT_FALSE(Session(one.cookie));
  EXPECT_FALSE(Session(other.cookie));
  EXPECT_TRUE(Session(changed->cookie));
  EXPECT_EQ(In("ann", kGood, "10.0.0.3").outcome, Outcome::kWrong);
  EXPECT_EQ(In("ann", fresh, "10.0.0.3").outcome, Outcome::kIn);
}

TEST_F(LoginTest, EachProofIsGoodForItsOwnPlaceOnly) {
  const std::string cookie = In("ann", kGood).cookie;
  const std::string token = Make("ci", Scope::kViewer);
  using Kind = Credential::Kind;
  const auto status = [&](Kind kind, const std::string& text) {
    const auto identity = Authenticate(context_, {kind, text}, "10.0.0.9");
    EXPECT_TRUE(identity || identity.error().code == base::ErrorCode::kPermission);
    return bool(identity);
  };
  EXPECT_TRUE(status(Kind::kSession, cookie));
  EXPECT_TRUE(status(Kind::kToken, token));
  EXPECT_TRUE(status(Kind::kUser, "ann"));
  EXPECT_FALSE(status(Kind::kSession, token));
  EXPECT_FALSE(status(Kind::kToken, cookie));
  for (const char* name : {"bob", "", "ANN", "ann,bob"}) EXPECT_FALSE(status(Kind::kUser, name));
  ASSERT_TRUE(ChangeUser(*catalog_, "ann", {.disabled = true}, {"x"}));
  EXPECT_FALSE(status(Kind::kUser, "ann"));
}

TEST_F(LoginTest, ASessionThatIsOverIsNoGuess) {
  for (int i = 0; i < 30; ++i) {
    const auto identity = Authenticate(context_, {Credential::Kind::kSession, "tas_x"}, "10.0.0.9");
    EXPECT_EQ(identity.error().code, base::ErrorCode::kPermission);
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(Authenticate(context_, {Credential::Kind::kToken, "tap_x"}, "10.0.0.9"));
  }
  EXPECT_EQ(Authenticate(context_, {Credential::Kind::kToken, "tap_x"}, "10.0.0.9").error().code,
            base::ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace tapiary::server::test
