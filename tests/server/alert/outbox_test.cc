#include "server/alert/outbox.h"

#include <mutex>
#include <set>
#include <thread>

#include "tests/server/alert/fixture.h"

namespace tapiary::server::test {
namespace {

class Outbox : public AlertFixture {
 protected:
  void SetUp() override {
    AlertFixture::SetUp();
    Rule(R"({"name":"a","severity":"low","filter":"command","cooldown":"0s"})");
  }
  void Raise(int count) {
    for (int i = 0; i < count; ++i) {
      Facts({Command(next_flow_++)});
      EXPECT_EQ(Judge(kNow), 1);
    }
  }
  std::vector<Delivery> Claim(std::int64_t now_ns, std::int64_t limit = 10) {
    auto claimed = ClaimDeliveries(*catalog_, "soc", now_ns, limit);
    EXPECT_TRUE(claimed) << claimed.error().message;
    return std::move(*claimed);
  }
  std::uint64_t next_flow_ = 1;
};

TEST_F(Outbox, ClaimsOnceUntilTheLeaseEnds) {
  Raise(3);
  const auto first = Claim(kNow, 2);
  ASSERT_EQ(first.size(), 2u);
  EXPECT_LT(first[0].id, first[1].id);
  EXPECT_EQ(first[0].alert.rule, "a");
  EXPECT_EQ(Claim(kNow).size(), 1u);
  EXPECT_EQ(Claim(kNow + kLeaseNs - 1).size(), 0u);
  EXPECT_EQ(Claim(kNow + kLeaseNs).size(), 3u);  // as after a crash
  // What the first one says now counts no more.
  ASSERT_TRUE(MarkSent(*catalog_, first, kNow));
  EXPECT_EQ(Count("alert_outbox WHERE state = 'sent'"), 0);
}

TEST_F(Outbox, SentIsSent) {
  Raise(2);
  ASSERT_TRUE(MarkSent(*catalog_, Claim(kNow), kNow));
  EXPECT_EQ(Claim(kNow + kLeaseNs).size(), 0u);
  ASSERT_TRUE(PruneOutbox(*catalog_, kNow + kKeepSentNs));
  EXPECT_EQ(Count("alert_outbox"), 2);
  ASSERT_TRUE(PruneOutbox(*catalog_, kNow + kKeepSentNs + 1));
  EXPECT_EQ(Count("alert_outbox"), 0);
}

TEST_F(Outbox, FailuresComeAgainAndThenAreDead) {
  Raise(1);
  std::int64_t now_ns = kNow;
  for (std::int64_t attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const auto claimed = Claim(now_ns);
    ASSERT_EQ(claimed.size(), 1u) << attempt;
    EXPECT_EQ(claimed[0].attempts, attempt);
    ASSERT_TRUE(MarkFailed(*catalog_, claimed[0], "no", 5 * kSecond, now_ns));
    EXPECT_EQ(Claim(now_ns + 4 * kSecond).size(), 0u);
    now_ns += 5 * kSecond;
  }
  EXPECT_EQ(Claim(now_ns + 1'000'000 * kSecond).size(), 0u);
  const auto dead = ListOutbox(*catalog_, "dead", "soc", INT64_MAX, 10);
  ASSERT_TRUE(dead);
  ASSERT_EQ(dead->size(), 1u);
  EXPECT_EQ(dead->front().trouble, "no");
  EXPECT_EQ(dead->front().attempts, kMaxAttempts);
  // A person may have it tried again.
  ASSERT_TRUE(RetryDelivery(*catalog_, dead->front().id, {"ann"}, now_ns));
  EXPECT_EQ(RetryDelivery(*catalog_, dead->front().id, {"ann"}, now_ns).error().code,
            base::ErrorCode::kConflict);
  EXPECT_EQ(RetryDelivery(*catalog_, 9999, {"ann"}, now_ns).error().code,
            base::ErrorCode::kNotFound);
  EXPECT_EQ(Claim(now_ns).size(), 1u);
}

TEST_F(Outbox, WhatWasNotTriedIsGivenBack) {
  Raise(2);
  const auto claimed = Claim(kNow);
  ASSERT_TRUE(Release(*catalog_, claimed, kNow));
  const auto again = Claim(kNow);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].attempts, 0);
}

TEST_F(Outbox, TooManyThatWaitAreDead) {
  Raise(1);
  for (int i = 0; i < 11; ++i) {
    Execute(
        "INSERT INTO alert_outbox (alert_id, target, state, attempts, due_ns, lease_ns, "
        "changed_ns, trouble) SELECT id + 100000 * " +
        std::to_string(i + 1) +
        ", 'full', 'waiting', 0, 0, 0, 0, '' FROM (WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL "
        "SELECT id + 1 FROM n WHERE id < 1000) SELECT id FROM n) x");
  }
  ASSERT_TRUE(PruneOutbox(*catalog_, kNow));
  EXPECT_EQ(Count("alert_outbox WHERE target = 'full' AND state = 'waiting'"), kMaxWaiting);
  EXPECT_EQ(Count("alert_outbox WHERE target = 'full' AND state = 'dead'"), 1000);
  EXPECT_EQ(Count("alert_outbox WHERE target = 'full' AND state = 'dead' AND alert_id < 200000"),
            1000);  // the oldest ones
}

TEST_F(Outbox, RacingCollectorsClaimEachMessageOnce) {
  Raise(30);
  std::mutex mutex;
  std::multiset<std::int64_t> ids;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 12; ++i) {
        // Another time each, as a lease is told apart by it.
        for (const Delivery& one : Claim(kNow + t * 100 + i, 3)) {
          const std::lock_guard lock(mutex);
          ids.insert(one.id);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ids.size(), 30u);
  EXPECT_EQ(std::set<std::int64_t>(ids.begin(), ids.end()).size(), 30u);
}

TEST(OutboxWait, GrowsAndSpreads) {
  for (std::int64_t failures = 1; failures < 40; ++failures) {
    const std::int64_t wait = RetryWait(failures);
    const std::int64_t most =
        std::min<std::int64_t>(kSecond << std::min<std::int64_t>(failures - 1, 12), 3600 * kSecond);
    EXPECT_GE(wait, most / 2);
    EXPECT_LE(wait, most);
  }
  std::set<std::int64_t> different;
  for (int i = 0; i < 20; ++i) different.insert(RetryWait(5));
  EXPECT_GT(different.size(), 10u);
}

}  // namespace
}  // namespace tapiary::server::test
