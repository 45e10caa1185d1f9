#include "server/catalog/log_sync.h"

namespace tapiary::server {

std::uint64_t LogSync::Committed() {
  const std::lock_guard lock(mutex_);
  return ++committed_;
}

base::Result<> LogSync::Wait(std::uint64_t number) {
  std::unique_lock lock(mutex_);
  while (durable_ < number) {
    if (!trouble_) return trouble_;
    if (syncing_) {
      changed_.wait(lock);
      continue;
    }
    syncing_ = true;
    const std::uint64_t reached = committed_;
    lock.unlock();
    base::Result<> done = sync_();
    lock.lock();
    syncing_ = false;
    if (done) {
      durable_ = reached;
    } else {
      trouble_ = std::move(done);
    }
    changed_.notify_all();
  }
  return {};
}

bool LogSync::broken() const {
  const std::lock_guard lock(mutex_);
  return !trouble_;
}

base::Result<> LogSync::Repair(const std::function<base::Result<>()>& rewrite) {
  TAPIARY_TRY(rewrite());
  const std::lock_guard lock(mutex_);
  durable_ = committed_;
  trouble_ = {};
  return {};
}

}  // namespace tapiary::server
