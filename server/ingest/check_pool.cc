#include "server/ingest/check_pool.h"

#include <algorithm>
#include <utility>

namespace tapiary::server {
namespace {

constexpr int kMaxThreads = 4;
// Of each thread: enough that it finds the next block when it has done one.
constexpr std::size_t kWaitingPerThread = 2;

}  // namespace

int CheckPool::DefaultThreads() {
  return std::min(static_cast<int>(std::thread::hardware_concurrency() / 2), kMaxThreads);
}

CheckPool::CheckPool(int threads)
    : most_waiting_(kWaitingPerThread * static_cast<std::size_t>(std::max(threads, 0))) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
  }
}

CheckPool::~CheckPool() = default;

bool CheckPool::HasRoom() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size() < most_waiting_;
}

bool CheckPool::Take(Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= most_waiting_) return false;
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void CheckPool::Run(const std::stop_token& stop) {
  capture::BlockExpander expander;
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    const Work work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work(expander);
    lock.lock();
  }
}

}  // namespace tapiary::server
