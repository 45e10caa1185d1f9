#include "server/catalog/write_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace tapiary::server {
namespace {

const WriteWork kNothing = [](SqlWriter&) -> base::Result<> { return {}; };

// Threads that want to write, begun one after the other, while the test has its turn.
class WriteQueueTest : public testing::Test {
 protected:
  WriteQueueTest() { EXPECT_TRUE(queue_.Enter(mine_)); }

  // Its number is noted when it got a turn of its own.
  void Want(int number, bool shared) {
    threads_.emplace_back([this, number, shared] {
      WriteJob job{.work = kNothing, .shared = shared};
      jobs_[number] = &job;
      if (!queue_.Enter(job)) return;
      own_turns_.push_back(number);  // one at a time has it
      queue_.Leave();
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  }

  WriteQueue queue_;
  WriteJob mine_{.work = kNothing, .shared = true};
  WriteJob* jobs_[8] = {};
  std::vector<int> own_turns_;
  std::vector<std::jthread> threads_;
};

TEST_F(WriteQueueTest, TurnsComeInOrder) {
  for (int i = 0; i < 6; ++i) Want(i, i % 2 == 0);
  EXPECT_TRUE(own_turns_.empty());
  queue_.Leave();
  threads_.clear();
  EXPECT_EQ(own_turns_, (std::vector<int>{0, 1, 2, 3, 4, 5}));
}

TEST_F(WriteQueueTest, TheNextMayBeTakenAsLongAsItShares) {
  for (int i = 0; i < 5; ++i) Want(i, i != 2);
  for (int i = 0; i < 2; ++i) {
    WriteJob* const job = queue_.TakeNext();
    ASSERT_NE(job, nullptr);
    EXPECT_EQ(job, jobs_[i]);
    queue_.Finish(*job);
  }
  EXPECT_EQ(queue_.TakeNext(), nullptr);  // the third one wants to be alone
  queue_.Leave();
  threads_.clear();
  EXPECT_EQ(own_turns_, (std::vector<int>{2, 3, 4}));
}

TEST_F(WriteQueueTest, TheNextIsAwaitedAsLongAsSomethingIsBusy) {
  const auto never = std::chrono::steady_clock::now() + std::chrono::hours(1);
  std::atomic<bool> busy = false;
  const auto is_busy = [&busy] { return busy.load(); };
  EXPECT_EQ(queue_.AwaitNext(is_busy, never), nullptr);
  busy = true;
  EXPECT_EQ(queue_.AwaitNext(is_busy, std::chrono::steady_clock::now()), nullptr);
  {
    const std::jthread other([this] { Want(0, true); });
    WriteJob* const job = queue_.AwaitNext(is_busy, never);
    ASSERT_NE(job, nullptr);
    queue_.Finish(*job);
  }
  {
    const std::jthread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      busy = false;
      queue_.Poke();
    });
    EXPECT_EQ(queue_.AwaitNext(is_busy, never), nullptr);
  }
  busy = true;
  Want(1, false);  // wants to be alone: nothing to wait for
  EXPECT_EQ(queue_.AwaitNext(is_busy, never), nullptr);
  queue_.Leave();
  threads_.clear();
  EXPECT_EQ(own_turns_, std::vector<int>{1});
}

TEST_F(WriteQueueTest, WhatIsDoneGoesOnWhileTheTurnLasts) {
  Want(0, true);
  Want(1, true);
  WriteJob* const job = queue_.TakeNext();
  ASSERT_EQ(job, jobs_[0]);
  queue_.Finish(*job);
  threads_.front().join();
  EXPECT_TRUE(own_turns_.empty());
  queue_.Leave();
  threads_.clear();
  EXPECT_EQ(own_turns_, std::vector<int>{1});
}

}  // namespace
}  // namespace tapiary::server
