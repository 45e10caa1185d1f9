#include "server/http/body_places.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace tapiary::server {
namespace {

constexpr std::int64_t kMilli = 1'000'000;

class BodyPlacesTest : public testing::Test {
 protected:
  // A request of `caller` that works for `work` once it has a place.
  void Ask(BodyPlaces& places, std::int64_t caller, std::uint64_t bytes, int work_ms) {
    asio::co_spawn(io_, One(places, caller, bytes, work_ms), asio::detached);
  }
  asio::awaitable<void> One(BodyPlaces& places, std::int64_t caller, std::uint64_t bytes,
                            int work_ms) {
    const BodyPlaces::Place place = co_await places.Take(caller, bytes);
    if (place.refusal) {
      ++refused_[place.refusal->status];
      co_return;
    }
    started_.push_back(caller);
    asio::steady_timer work(co_await asio::this_coro::executor, std::chrono::milliseconds(work_ms));
    co_await work.async_wait(asio::use_awaitable);
  }

  asio::io_context io_;
  std::vector<std::int64_t> started_;  // callers in the order in which they got a place
  std::map<int, int> refused_;         // by status
};

TEST_F(BodyPlacesTest, NobodyWaitsWhileThereIsRoom) {
  BodyPlaces places({.places = 3, .per_caller = 3});
  for (int i = 0; i < 3; ++i) Ask(places, i, 100, 1);
  io_.poll();
  EXPECT_EQ(started_.size(), 3u);
  io_.run();
  EXPECT_TRUE(refused_.empty());
}

TEST_F(BodyPlacesTest, HP04_AQuietCallerOvertakesTheStorm) {
  BodyPlaces places({.places = 2, .per_caller = 100});
  for (int i = 0; i < 50; ++i) Ask(places, 1, 1 << 20, 1);
  for (int i = 0; i < 50; ++i) Ask(places, 2, 1 << 20, 1);
  io_.run_for(std::chrono::milliseconds(10));
  const std::size_t before = started_.size();
  EXPECT_GT(before, 2u);
  EXPECT_LT(before, 60u);
  Ask(places, 7, 1000, 1);
  io_.run();
  ASSERT_EQ(started_.size(), 101u);
  const auto mine = std::find(started_.begin(), started_.end(), 7) - started_.begin();
  // At once but for those that have a place already.
  EXPECT_LE(static_cast<std::size_t>(mine), before + 3);
}

TEST_F(BodyPlacesTest, HP04_CallersShareByBytes) {
  BodyPlaces places({.places = 1, .per_caller = 100});
  Ask(places, 9, 0, 5);
  for (int i = 0; i < 40; ++i) Ask(places, 1, 4 << 20, 0);
  for (int i = 0; i < 40; ++i) Ask(places, 2, 1 << 20, 0);
  io_.run();
  ASSERT_EQ(started_.size(), 81u);
  // As long as both wait, the one with small bodies has four for one of the other.
  const auto first = started_.begin() + 1;
  EXPECT_NEAR(static_cast<double>(std::count(first, first + 25, 2)), 20, 2);
}

TEST_F(BodyPlacesTest, WhoWaitsTooLongIsTold) {
  BodyPlaces places({.places = 1, .per_caller = 5, .wait_ns = 20 * kMilli});
  Ask(places, 1, 1, 200);
  Ask(places, 2, 1, 1);
  io_.run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(refused_[503], 1);
  io_.run();
  Ask(places, 2, 1, 1);  // and has cost nothing
  io_.restart();
  io_.run();
  EXPECT_EQ(started_, (std::vector<std::int64_t>{1, 2}));
}

TEST_F(BodyPlacesTest, HP04_OneCallerHasNoMoreThanHisShare) {
  BodyPlaces places({.places = 2, .per_caller = 3});
  for (int i = 0; i < 5; ++i) Ask(places, 1, 1, 1);
  Ask(places, 2, 1, 1);
  io_.run();
  EXPECT_EQ(refused_[429], 2);
  EXPECT_EQ(started_.size(), 4u);
}

TEST_F(BodyPlacesTest, StopEndsAllWaiting) {
  BodyPlaces places({.places = 1, .per_caller = 9});
  for (int i = 0; i < 5; ++i) Ask(places, i, 1, 1);
  io_.poll();
  places.Stop();
  Ask(places, 8, 1, 1);
  io_.run();
  EXPECT_EQ(started_.size() + static_cast<std::size_t>(refused_[503]), 6u);
  EXPECT_GE(refused_[503], 1);
}

}  // namespace
}  // namespace tapiary::server
