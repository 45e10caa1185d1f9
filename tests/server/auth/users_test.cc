#include "server/auth/users.h"

#include <atomic>
#include <thread>

#include "base/clock.h"
#include "tests/server/auth/fixture.h"

namespace tapiary::server::test {
namespace {

using base::ErrorCode;

TEST_F(AuthTest, NamesAreFewAndPlain) {
  for (const char* good : {"a", "ann", "ann.b-c_d", "7up"}) EXPECT_TRUE(IsUserName(good)) << good;
  for (const char* bad : {"", "me", "Ann", ".a", "-a", "a b", "a/b", "a\n", "ann\xc2\xad",
                          "\xd0\xb0nn", "a\"b", "a<b", "..", "ann@x"}) {
    EXPECT_FALSE(IsUserName(bad)) << bad;
  }
  EXPECT_TRUE(IsUserName(std::string(32, 'a')));
  EXPECT_FALSE(IsUserName(std::string(33, 'a')));
  EXPECT_EQ(ParseRole("analyst"), Scope::kAnalyst);
  for (const char* bad : {"sensor", "public", "root", ""}) EXPECT_FALSE(ParseRole(bad)) << bad;
}

TEST_F(AuthTest, UsersAreMadeFoundAndListed) {
  EXPECT_FALSE(*HasUsers(*catalog_));
  AddUser("bob", Scope::kViewer, kGood, true);
  AddUser("ann", Scope::kAdmin);
  EXPECT_TRUE(*HasUsers(*catalog_));
  const auto users = ListUsers(*catalog_);
  ASSERT_TRUE(users);
  ASSERT_EQ(users->size(), 2U);
  EXPECT_EQ(users->front().name, "ann");
  EXPECT_EQ(users->front().role, Scope::kAdmin);
  EXPECT_FALSE(users->front().must_change);
  EXPECT_TRUE(users->back().must_change);
  EXPECT_EQ(FindUser(*catalog_, "carl").error().code, ErrorCode::kNotFound);
  const auto again = CreateUser(*catalog_, {"ann", Scope::kViewer, "hash"}, {"x"});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kExists);
  EXPECT_FALSE(CreateUser(*catalog_, {"Ann", Scope::kViewer, "hash"}, {"x"}));
  EXPECT_FALSE(CreateUser(*catalog_, {"dora", Scope::kSensor, "hash"}, {"x"}));
  EXPECT_EQ(Number("SELECT COUNT(*) FROM audit WHERE action = 'user create'"), 2);
}

TEST_F(AuthTest, TheLastAdministratorStays) {
  AddUser("ann", Scope::kAdmin);
  AddUser("bob", Scope::kAnalyst);
  const auto conflict = [](const base::Result<>& result) {
    return !result && result.error().code == ErrorCode::kConflict;
  };
  EXPECT_TRUE(conflict(RemoveUser(*catalog_, "ann", {"x"})));
  EXPECT_TRUE(conflict(ChangeUser(*catalog_, "ann", {.role = Scope::kAnalyst}, {"x"})));
  EXPECT_TRUE(conflict(ChangeUser(*catalog_, "ann", {.disabled = true}, {"x"})));
  EXPECT_TRUE(ChangeUser(*catalog_, "ann", {.role = Scope::kAdmin, .disabled = false}, {"x"}));
  ASSERT_TRUE(ChangeUser(*catalog_, "bob", {.role = Scope::kAdmin, .disabled = true}, {"x"}));
  EXPECT_TRUE(conflict(RemoveUser(*catalog_, "ann", {"x"})));  // bob cannot log in
  ASSERT_TRUE(ChangeUser(*catalog_, "bob", {.disabled = false}, {"x"}));
  EXPECT_TRUE(RemoveUser(*catalog_, "ann", {"x"}));
  EXPECT_TRUE(conflict(RemoveUser(*catalog_, "bob", {"x"})));
}

// Two administrators who remove each other at the same moment: one is left, each time.
TEST_F(AuthTest, TwoWhoRemoveEachOtherDoNotBothGo) {
  for (int round = 0; round < 5; ++round) {
    const std::string a = "a" + std::to_string(round);
    const std::string b = "b" + std::to_string(round);
    AddUser(a, Scope::kAdmin);
    AddUser(b, Scope::kAdmin);
    if (round > 0) {
      ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
        TAPIARY_TRY(writer.Execute("UPDATE users SET role = 'viewer' WHERE name NOT IN (?, ?)",
                                   std::vector<SqlValue>{a, b}));
        return {};
      }));
    }
    std::atomic<int> gone{0};
    const auto demote = [&](const std::string& name) {
      if (ChangeUser(*catalog_, name, {.role = Scope::kViewer}, {"x"})) ++gone;
    };
    {
      const std::jthread one([&] { demote(a); });
      const std::jthread other([&] { demote(b); });
    }
    EXPECT_LE(gone, 1);
    EXPECT_GE(Number("SELECT COUNT(*) FROM users WHERE role = 'admin'"), 1);
  }
}

TEST_F(AuthTest, DisablingAndPasswordsEndSessionsAndRemovalEndsTokens) {
  AddUser("ann", Scope::kAdmin);
  AddUser("bob", Scope::kAnalyst);
  const std::int64_t bob = FindUser(*catalog_, "bob")->id;
  const auto token = MakeToken(*catalog_, {"key", Scope::kAnalyst, {}, bob}, {"bob"});
  ASSERT_TRUE(token);
  const auto log_in = [&] {
    LoginTry attempt;
    attempt.user = "bob";
    attempt.password = kGood;
    attempt.peer = "10.0.0.1";
    const auto answer = LogIn(context_, attempt);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? answer->cookie : std::string();
  };
  const auto works = [&] { return bool(FindIdentity(*catalog_, token->text, base::WallNow())); };
  std::string cookie = log_in();
  EXPECT_TRUE(Session(cookie));
  ASSERT_TRUE(ChangeUser(*catalog_, "bob", {.disabled = true}, {"ann"}));
  EXPECT_FALSE(Session(cookie));
  EXPECT_FALSE(works());
  ASSERT_TRUE(ChangeUser(*catalog_, "bob", {.disabled = false}, {"ann"}));
  EXPECT_FALSE(Session(cookie));
  EXPECT_TRUE(works());
  cookie = log_in();
  ASSERT_TRUE(SetPassword(*catalog_, "bob", *passwords_.Hash(kGood), false, {"ann"}));
  EXPECT_FALSE(Session(cookie));
  cookie = log_in();
  ASSERT_TRUE(RemoveUser(*catalog_, "bob", {"ann"}));
  EXPECT_FALSE(Session(cookie));
  EXPECT_FALSE(works());
  EXPECT_EQ(Number("SELECT COUNT(*) FROM tokens WHERE revoked_ns IS NOT NULL"), 1);
}

TEST_F(AuthTest, ATokenIsWorthNoMoreThanItsUser) {
  AddUser("ann", Scope::kAdmin);
  AddUser("bob", Scope::kAdmin);
  const std::int64_t bob = FindUser(*catalog_, "bob")->id;
  const auto strong = MakeToken(*catalog_, {"strong", Scope::kAdmin, {}, bob}, {"bob"});
  const auto weak = MakeToken(*catalog_, {"weak", Scope::kViewer, {}, bob}, {"bob"});
  ASSERT_TRUE(strong && weak);
  const auto scope = [&](const MadeToken& token) {
    return FindIdentity(*catalog_, token.text, base::WallNow())->scope;
  };
  EXPECT_EQ(scope(*strong), Scope::kAdmin);
  EXPECT_EQ(scope(*weak), Scope::kViewer);
  ASSERT_TRUE(ChangeUser(*catalog_, "bob", {.role = Scope::kAnalyst}, {"ann"}));
  EXPECT_EQ(scope(*strong), Scope::kAnalyst);
  EXPECT_EQ(scope(*weak), Scope::kViewer);
}

}  // namespace
}  // namespace tapiary::server::test
