#include "server/http/body_places.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tapiary::server {
namespace {

constexpr double kRequestCost = 64 * 1024;  // what a request costs besides its bytes

Response Refused(int status, const char* detail) {
  Response response = Problem(status, "Too many requests at once", detail);
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

Response Busy() {
  return Refused(503, "the collector is busy; try again");
}

}  // namespace

// Called with the mutex held, as all below that are not public.
double BodyPlaces::StartOf(std::int64_t caller, std::uint64_t bytes) {
  Caller& his = callers_[caller];
  const double start = std::max(now_, his.finish);
  his.finish = start + kRequestCost + static_cast<double>(bytes);
  return start;
}

void BodyPlaces::Run(std::int64_t caller, double start) {
  ++running_;
  ++callers_[caller].running;
  now_ = std::max(now_, start);
}

void BodyPlaces::GrantNext() {
  while (running_ < options_.places && !waiters_.empty()) {
    const auto next = std::ranges::min_element(waiters_, {}, [](const Waiter& waiter) {
      return std::make_pair(waiter.granted, waiter.start);
    });
    if (next->granted) return;
    next->granted = true;
    --callers_[next->caller].waiting;
    Run(next->caller, next->start);
    asio::post(next->wake->get_executor(), [wake = next->wake] { wake->cancel(); });
  }
}

void BodyPlaces::GiveBack(std::int64_t caller) {
  const std::lock_guard lock(mutex_);
  --running_;
  --callers_[caller].running;
  GrantNext();
  Forget(caller);
}

void BodyPlaces::Forget(std::int64_t caller) {
  const auto found = callers_.find(caller);
  if (found == callers_.end()) return;
  const Caller& his = found->second;
  const bool idle = running_ == 0 && waiters_.empty();
  if (idle) {
    callers_.clear();
    now_ = 0;
  } else if (his.running == 0 && his.waiting == 0 && his.finish <= now_) {
    callers_.erase(found);
  }
}

asio::awaitable<BodyPlaces::Place> BodyPlaces::Take(std::int64_t caller, std::uint64_t bytes) {
  auto wake = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor,
                                                   std::chrono::nanoseconds(options_.wait_ns));
  Waiters::iterator waiter;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) co_return Place(Busy());
    Caller& his = callers_[caller];
    if (his.running + his.waiting >= options_.per_caller) {
      co_return Place(Refused(429, "send fewer at a time with this token"));
    }
    const double start = StartOf(caller, bytes);
    if (running_ < options_.places) {
      Run(caller, start);
      co_return Place(*this, caller);
    }
    ++his.waiting;
    waiter = waiters_.insert(waiters_.end(), Waiter{caller, start, wake, false});
  }
  error_code ignored;
  co_await wake->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  const std::lock_guard lock(mutex_);
  const bool granted = waiter->granted;
  waiters_.erase(waiter);
  if (granted) co_return Place(*this, caller);
  --callers_[caller].waiting;
  Forget(caller);
  co_return Place(Busy());
}

void BodyPlaces::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (const Waiter& waiter : waiters_) {
    asio::post(waiter.wake->get_executor(), [wake = waiter.wake] { wake->cancel(); });
  }
}

}  // namespace tapiary::server
