#include "server/catalog/log_sync.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <semaphore>
#include <thread>
#include <vector>

namespace tapiary::server {
namespace {

using base::ErrorCode;

const base::Error kNoDisk{ErrorCode::kUnavailable, "no disk"};

TEST(LogSync, OneSyncIsForAllThatWereCommittedBefore) {
  int syncs = 0;
  LogSync log([&syncs]() -> base::Result<> {
    ++syncs;
    return {};
  });
  EXPECT_TRUE(log.Wait(0));
  EXPECT_EQ(syncs, 0);
  const std::uint64_t first = log.Committed();
  const std::uint64_t second = log.Committed();
  EXPECT_LT(first, second);
  EXPECT_TRUE(log.Wait(second));
  EXPECT_TRUE(log.Wait(first));
  EXPECT_EQ(syncs, 1);
  EXPECT_TRUE(log.Wait(log.Committed()));
  EXPECT_EQ(syncs, 2);
}

// What is committed while the disk works may not be in what it writes.
TEST(LogSync, CommitsOfMeanwhileNeedAnotherSync) {
  std::counting_semaphore<> begun(0);
  std::counting_semaphore<> may_end(0);
  std::atomic<int> syncs = 0;
  LogSync log([&]() -> base::Result<> {
    ++syncs;
    begun.release();
    may_end.acquire();
    return {};
  });
  const std::uint64_t first = log.Committed();
  std::jthread one([&] { EXPECT_TRUE(log.Wait(first)); });
  begun.acquire();
  std::atomic<int> ended = 0;
  std::vector<std::jthread> others;
  for (int i = 0; i < 5; ++i) {
    others.emplace_back([&, number = log.Committed()] {
      EXPECT_TRUE(log.Wait(number));
      ++ended;
    });
  }
  may_end.release();
  one.join();
  begun.acquire();  // the second, for all five
  EXPECT_EQ(ended, 0);
  may_end.release();
  others.clear();
  EXPECT_EQ(syncs, 2);
}

// The kernel tells of a failed sync once: a later one that succeeds says nothing of those bytes.
TEST(LogSync, AfterAFailureNothingIsDurableUntilItWasWrittenAgain) {
  bool fails = false;
  LogSync log([&fails]() -> base::Result<> {
    if (fails) return kNoDisk;
    return {};
  });
  const std::uint64_t before = log.Committed();
  ASSERT_TRUE(log.Wait(before));
  fails = true;
  const std::uint64_t lost = log.Committed();
  const auto failed = log.Wait(lost);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(log.broken());
  fails = false;
  EXPECT_TRUE(log.Wait(before));
  EXPECT_FALSE(log.Wait(lost));
  EXPECT_FALSE(log.Wait(log.Committed()));
  EXPECT_FALSE(log.Repair([]() -> base::Result<> { return kNoDisk; }));
  EXPECT_TRUE(log.broken());
  EXPECT_TRUE(log.Repair([]() -> base::Result<> { return {}; }));
  EXPECT_FALSE(log.broken());
  EXPECT_TRUE(log.Wait(lost));
  EXPECT_TRUE(log.Wait(log.Committed()));
}

}  // namespace
}  // namespace tapiary::server
