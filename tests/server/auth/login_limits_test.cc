#include "server/auth/login_limits.h"

#include "base/clock.h"
#include "tests/server/auth/fixture.h"

namespace tapiary::server::test {
namespace {

class LoginLimits : public AuthTest {
 protected:
  void SetUp() override {
    AddUser("ann", Scope::kViewer);
    ann_ = FindUser(*catalog_, "ann")->id;
  }
  // Seconds to wait; 0: go on.
  std::int64_t Try(const std::string& user, const std::string& network, std::int64_t second = 0) {
    const auto wait = CountLogin(*catalog_, limit_, Attempt(user, network, second));
    EXPECT_TRUE(wait) << wait.error().message;
    if (!wait || !*wait) return 0;
    EXPECT_GT(**wait, 0);
    return **wait / base::kNanosPerSecond;
  }
  LoginAttempt Attempt(const std::string& user, const std::string& network, std::int64_t second) {
    user_ = user;
    network_ = network;
    return {user_, user == "ann" ? ann_ : 0, network_, kStart + second * base::kNanosPerSecond};
  }
  void Forgive(const std::string& network, std::int64_t second = 0) {
    ASSERT_TRUE(catalog_->Write(
        [&](SqlWriter& writer) { return ForgiveLogin(writer, Attempt("ann", network, second)); }));
  }

  static constexpr std::int64_t kStart = 1'700'000'000 * base::kNanosPerSecond;
  const LoginLimit limit_;
  std::string user_, network_;
  std::int64_t ann_ = 0;
};

TEST_F(LoginLimits, FiveForOneNameFromOneNetworkThenTheWindowMustEnd) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Try("ann", "n1", i), 0) << i;
  EXPECT_EQ(Try("ann", "n1", 100), 800);
  EXPECT_EQ(Try("ann", "n1", 899), 1);  // trying on does not make it longer
  EXPECT_EQ(Try("bob", "n1", 100), 0);
  EXPECT_EQ(Try("ann", "n2", 100), 0);
  EXPECT_EQ(Try("ann", "n1", 900), 0);
}

TEST_F(LoginLimits, ThirtyFromOneNetworkWhateverTheName) {
  for (int i = 0; i < 30; ++i) EXPECT_EQ(Try("u" + std::to_string(i), "n1"), 0) << i;
  EXPECT_GT(Try("u99", "n1"), 0);
  EXPECT_EQ(Try("u99", "n2"), 0);
}

TEST_F(LoginLimits, NamesThatDoNotExistAreCountedAlike) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Try("nobody", "n1"), 0);
  EXPECT_EQ(Try("nobody", "n1"), 900);
}

TEST_F(LoginLimits, WhoFailsInHerNameFromEverywhereDoesNotKeepHerOutWhereSheIsKnown) {
  Try("ann", "home");
  Forgive("home");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(Try("ann", "n" + std::to_string(i)), 0) << i;
  EXPECT_GT(Try("ann", "n-new"), 0);
  EXPECT_EQ(Try("ann", "home"), 0);
  EXPECT_EQ(Try("ann", "n-new", 900), 0);  // and elsewhere it ends with the window
}

TEST_F(LoginLimits, OneNetworkAddsOnlyItsFewToTheCountOfAUser) {
  for (int i = 0; i < 29; ++i) Try("ann", "n1");
  std::int64_t free = 0;
  for (int i = 0; i < 60; ++i) free += Try("ann", "m" + std::to_string(i)) == 0 ? 1 : 0;
  EXPECT_EQ(free, 45);  // 50 less the five of n1
}

TEST_F(LoginLimits, SuccessBeginsAnew) {
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(Try("ann", "n1", round), 0) << round;
    if (round >= 6) break;  // the network's own 30 less what was forgiven
    Forgive("n1", round);
  }
  EXPECT_EQ(Number("SELECT COUNT(*) FROM user_places"), 1);
}

TEST_F(LoginLimits, PlacesAreTheNewestSixteen) {
  for (int i = 0; i < 20; ++i) {
    Try("ann", "n" + std::to_string(i), i);
    Forgive("n" + std::to_string(i), i);
  }
  EXPECT_EQ(Number("SELECT COUNT(*) FROM user_places"), 16);
  EXPECT_EQ(Number("SELECT COUNT(*) FROM user_places WHERE network IN ('n3', 'n4')"), 1);
}

TEST_F(LoginLimits, AClockThatWasSetBackDoesNotLock) {
  for (int i = 0; i < 6; ++i) Try("ann", "n1", 100'000);
  EXPECT_EQ(Try("ann", "n1", 0), 0);
}

}  // namespace
}  // namespace tapiary::server::test
