#include "server/ingest/check_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace tapiary::server {
namespace {

TEST(CheckPool, DoesAllThatItTakes) {
  std::atomic<int> done = 0;
  int taken = 0;
  {
    CheckPool pool(2);
    for (int i = 0; i < 1000; ++i) {
      if (pool.Take([&done](capture::BlockExpander&) { ++done; })) ++taken;
    }
  }
  EXPECT_GE(taken, 4);
  EXPECT_EQ(done, taken);
}

TEST(CheckPool, RefusesWhenEnoughWaits) {
  std::promise<void> begun, go;
  std::atomic<int> done = 0;
  {
    CheckPool pool(1);
    ASSERT_TRUE(pool.Take([&](capture::BlockExpander&) {
      begun.set_value();
      go.get_future().wait();
      ++done;
    }));
    begun.get_future().wait();
    const auto count = [&done](capture::BlockExpander&) { ++done; };
    EXPECT_TRUE(pool.HasRoom());
    EXPECT_TRUE(pool.Take(count));
    EXPECT_TRUE(pool.Take(count));
    EXPECT_FALSE(pool.HasRoom());
    EXPECT_FALSE(pool.Take(count));
    go.set_value();
  }
  EXPECT_EQ(done, 3);
}

TEST(CheckPool, WithoutThreadsHasNoRoom) {
  CheckPool pool(0);
  EXPECT_FALSE(pool.HasRoom());
  EXPECT_FALSE(pool.Take([](capture::BlockExpander&) { FAIL(); }));
}

}  // namespace
}  // namespace tapiary::server
