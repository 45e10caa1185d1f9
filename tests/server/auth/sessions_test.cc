#include "server/auth/sessions.h"
#include "base/clock.h"

#include "server/auth/secret.h"
#include "server/auth/uses.h"
#include "tests/server/auth/fixture.h"

namespace tapiary::server::test {
namespace {

class SessionsTest : public AuthTest {
 protected:
  void SetUp() override {
    AddUser("ann", Scope::kAnalyst);
    user_id_ = FindUser(*catalog_, "ann")->id;
  }
  std::string Begin(std::int64_t now_ns, std::int64_t token_id = 0) {
    std::string text;
    const auto done = catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      const NewSession session{token_id == 0 ? user_id_ : 0, token_id, "10.0.0.1", "Browser/1"};
      TAPIARY_ASSIGN(text, BeginSession(writer, session, limits_, now_ns));
      return {};
    });
    EXPECT_TRUE(done) << done.error().message;
    return text;
  }
  bool Works(const std::string& text, std::int64_t now_ns) {
    const auto found = FindSession(*catalog_, text, limits_, now_ns);
    EXPECT_TRUE(found || found.error().code == base::ErrorCode::kPermission);
    return bool(found);
  }

  static constexpr std::int64_t kSecond = base::kNanosPerSecond;
  static constexpr std::int64_t kStart = 1'700'000'000 * kSecond;
  const SessionLimits limits_{.idle_ns = 100 * kSecond, .absolute_ns = 1000 * kSecond};
  std::int64_t user_id_ = 0;
};

TEST_F(SessionsTest, NamesItsUserAndStoresOnlyAHash) {
  const std::string text = Begin(kStart);
  const auto found = FindSession(*catalog_, text, limits_, kStart);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user_name, "ann");
  EXPECT_EQ(found->scope, Scope::kAnalyst);
  EXPECT_EQ(found->token_id, 0);
  EXPECT_EQ(found->expires_ns, kStart + 1000 * kSecond);
  EXPECT_NE(found->key(), 0);
  EXPECT_NE(Begin(kStart), text);
  const std::vector<std::uint8_t> hash = HashSecret(text);
  std::int64_t rows = 0;
  const std::vector<SqlValue> values{hash};
  ASSERT_TRUE(catalog_->Query("SELECT COUNT(*) FROM sessions WHERE hash = ?", values,
                              [&rows](const SqlRow& row) {
                                rows = row.Int(0);
                                return true;
                              }));
  EXPECT_EQ(rows, 1);
}

TEST_F(SessionsTest, EndsWhenIdleAndAtItsEndWhateverIsUsed) {
  const std::string text = Begin(kStart);
  EXPECT_TRUE(Works(text, kStart + 99 * kSecond));
  EXPECT_FALSE(Works(text, kStart + 100 * kSecond));
  const auto identity = FindSession(*catalog_, text, limits_, kStart);
  ASSERT_TRUE(identity);
  for (std::int64_t at = 60; at < 1000; at += 60) {
    EXPECT_TRUE(Works(text, kStart + at * kSecond)) << at;
    NoteUse(*catalog_, *identity, kStart + at * kSecond);
  }
  EXPECT_TRUE(Works(text, kStart + 999 * kSecond));
  EXPECT_FALSE(Works(text, kStart + 1000 * kSecond));
}

TEST_F(SessionsTest, EndsWithItsToken) {
  const auto token = MakeToken(*catalog_, {"viewer", Scope::kViewer}, {"x"});
  ASSERT_TRUE(token);
  const std::string text = Begin(kStart, token->id);
  const auto found = FindSession(*catalog_, text, limits_, kStart);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->scope, Scope::kViewer);
  EXPECT_EQ(found->token_name, "viewer");
  EXPECT_EQ(found->user_id, 0);
  ASSERT_TRUE(RevokeToken(*catalog_, token->id));
  EXPECT_FALSE(Works(text, kStart));
}

TEST_F(SessionsTest, OnlyTheNewestTwentyStay) {
  std::vector<std::string> all;
  for (int i = 0; i < 22; ++i) all.push_back(Begin(kStart));
  EXPECT_FALSE(Works(all[0], kStart));
  EXPECT_FALSE(Works(all[1], kStart));
  EXPECT_TRUE(Works(all[2], kStart));
  EXPECT_TRUE(Works(all[21], kStart));
}

TEST_F(SessionsTest, EndAndRemoveAndList) {
  const std::string one = Begin(kStart);
  const std::string other = Begin(kStart + 50 * kSecond);
  auto listed = ListSessions(*catalog_, user_id_, limits_, kStart + 60 * kSecond);
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ(listed->front().user, "ann");
  EXPECT_EQ(listed->front().peer, "10.0.0.1");
  EXPECT_EQ(ListSessions(*catalog_, user_id_ + 1, limits_, kStart)->size(), 0U);
  ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(RemoveOldSessions(writer, limits_, kStart + 100 * kSecond));
    return EndSession(writer, std::string_view("tas_nothing"));
  }));
  EXPECT_EQ(Number("SELECT COUNT(*) FROM sessions"), 1);
  ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) { return EndSession(writer, other); }));
  EXPECT_FALSE(Works(other, kStart + 60 * kSecond));
  EXPECT_FALSE(Works(one, kStart));
}

TEST_F(SessionsTest, OtherTextsAreNoSessions) {
  const std::string text = Begin(kStart);
  for (const std::string& bad : {std::string(), text + "a", text.substr(1), "tap_" + text.substr(4),
                                 std::string("tas_' OR '1'='1"), std::string(100'000, 'a')}) {
    EXPECT_FALSE(Works(bad, kStart));
  }
}

TEST_F(SessionsTest, WhatTheBrowserCallsItselfIsKeptShortAndPlain) {
  std::string text;
  ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
    const NewSession session{user_id_, 0, "10.0.0.1", "<b>\xff\n" + std::string(5000, 'a')};
    TAPIARY_ASSIGN(text, BeginSession(writer, session, limits_, kStart));
    return {};
  }));
  const std::string agent = Texts("SELECT agent FROM sessions");
  EXPECT_LT(agent.size(), 400U);
  EXPECT_TRUE(agent.starts_with("<b>\\xff\\"));
}

}  // namespace
}  // namespace tapiary::server::test
