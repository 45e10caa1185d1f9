#include "server/auth/passwords.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace tapiary::server {
namespace {

constexpr PasswordCost kCheap{.passes = 1, .memory_bytes = 8192};

TEST(Passwords, StoresArgon2idAndKnowsTheRightOne) {
  Passwords passwords(kCheap);
  const auto stored = passwords.Hash("correct horse battery");
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
  EXPECT_TRUE(*passwords.Verify("correct horse battery", *stored));
  EXPECT_FALSE(*passwords.Verify("correct horse batterx", *stored));
  EXPECT_FALSE(*passwords.Verify("", *stored));
  EXPECT_NE(*passwords.Hash("correct horse battery"), *stored);  // salted
}

TEST(Passwords, TheDefaultCostIsThatOfItsText) {
  Passwords passwords;
  const auto stored = passwords.Hash("correct horse battery");
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->starts_with("$argon2id$v=19$m=65536,t=2,p=1$")) << *stored;
  EXPECT_FALSE(passwords.IsOutdated(*stored));
  EXPECT_TRUE(passwords.IsOutdated(*Passwords(kCheap).Hash("correct horse battery")));
  EXPECT_TRUE(*passwords.Verify("correct horse battery", *stored));
}

TEST(Passwords, NobodysPasswordIsNeverRightAndNothingLongIsHashed) {
  Passwords passwords(kCheap);
  EXPECT_FALSE(*passwords.Verify("correct horse battery", ""));
  EXPECT_FALSE(*passwords.Verify("", ""));
  EXPECT_FALSE(passwords.Hash(std::string(257, 'a')));
  const auto stored = passwords.Hash(std::string(256, 'a'));
  ASSERT_TRUE(stored);
  EXPECT_TRUE(*passwords.Verify(std::string(256, 'a'), *stored));
  EXPECT_FALSE(*passwords.Verify(std::string(10'000'000, 'a'), *stored));
  EXPECT_FALSE(*passwords.Verify("anything", "not a hash"));
}

// Many at once: few run, few wait, the rest is told to come again, and places are given back.
TEST(Passwords, AFloodIsRefusedAndNotQueued) {
  PasswordCost cost{.passes = 3, .memory_bytes = 16 * 1024 * 1024, .at_a_time = 1, .waiting = 2};
  cost.wait_ns = 5 * base::kNanosPerSecond;
  Passwords passwords(cost);
  const auto stored = passwords.Hash("correct horse battery");
  ASSERT_TRUE(stored);
  std::atomic<int> good{0}, busy{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      const auto right = passwords.Verify("correct horse battery", *stored);
      if (right && *right) ++good;
      if (!right && right.error().code == base::ErrorCode::kUnavailable) ++busy;
    });
  }
  threads.clear();
  EXPECT_EQ(good + busy, 20);
  EXPECT_GE(good, 3);  // one at work and two waiting
  EXPECT_GT(busy, 0);
  EXPECT_TRUE(*passwords.Verify("correct horse battery", *stored));
}

TEST(Passwords, WhatIsNoPasswordIsToldWhy) {
  EXPECT_TRUE(CheckNewPassword("correct horse battery", "ann"));
  EXPECT_TRUE(CheckNewPassword("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc", "ann"));
  for (const std::string& bad :
       {std::string(), std::string("short"), std::string(257, 'x') + "y", std::string(20, 'a'),
        std::string("tab\tin the middle"), std::string("nul\0in the middle", 17),
        std::string("not utf-8 \xff\xff\xff")}) {
    EXPECT_FALSE(CheckNewPassword(bad, "ann")) << bad;
  }
  EXPECT_FALSE(CheckNewPassword("administrator1", "administrator"));
  EXPECT_FALSE(CheckNewPassword("Administrator!", "administrator"));
  EXPECT_TRUE(CheckNewPassword("annual harvest of pears", "ann"));
}

TEST(Passwords, MadeOnesAreGoodAndDiffer) {
  const auto one = MakePassword();
  ASSERT_TRUE(one);
  EXPECT_EQ(one->size(), 23U);
  EXPECT_NE(*one, *MakePassword());
  EXPECT_TRUE(CheckNewPassword(*one, "ann"));
}

}  // namespace
}  // namespace tapiary::server
