#include "server/catalog/log_copier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <semaphore>

namespace tapiary::server {
namespace {

TEST(LogCopier, CopiesBesideAndSaysSoOnce) {
  std::counting_semaphore<> may_end(0);
  std::atomic<int> copies = 0;
  LogCopier copier([&] {
    may_end.acquire();
    ++copies;
  });
  EXPECT_FALSE(copier.busy());
  EXPECT_FALSE(copier.TakeDone());
  copier.WaitUntilIdle();
  copier.Ask();
  copier.Ask();  // it copies already
  EXPECT_TRUE(copier.busy());
  EXPECT_FALSE(copier.TakeDone());
  may_end.release();
  copier.WaitUntilIdle();
  EXPECT_EQ(copies, 1);
  EXPECT_FALSE(copier.busy());
  EXPECT_TRUE(copier.TakeDone());
  EXPECT_FALSE(copier.TakeDone());
  copier.Ask();
  may_end.release();
  copier.WaitUntilIdle();
  EXPECT_EQ(copies, 2);
  EXPECT_TRUE(copier.TakeDone());
}

TEST(LogCopier, EndsAfterWhatItHasBegun) {
  std::atomic<bool> begun = false;
  std::atomic<bool> done = false;
  {
    LogCopier copier([&] {
      begun = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      done = true;
    });
    copier.Ask();
    while (!begun) std::this_thread::yield();
  }
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace tapiary::server
