#include "server/catalog/log_copier.h"

namespace tapiary::server {

LogCopier::LogCopier(std::function<void()> copy)
    : copy_(std::move(copy)), thread_([this] { Run(); }) {}

LogCopier::~LogCopier() {
  {
    const std::lock_guard lock(mutex_);
    state_ = State::kStopping;
    changed_.notify_all();
  }
  thread_.join();
}

void LogCopier::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return state_ == State::kAsked || state_ == State::kStopping; });
    if (state_ == State::kStopping) return;
    lock.unlock();
    copy_();
    lock.lock();
    if (state_ == State::kAsked) state_ = State::kDone;
    changed_.notify_all();
  }
}

void LogCopier::Ask() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kAsked) return;
  state_ = State::kAsked;
  changed_.notify_all();
}

bool LogCopier::busy() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::kAsked;
}

void LogCopier::WaitUntilIdle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return state_ != State::kAsked; });
}

bool LogCopier::TakeDone() {
  const std::lock_guard lock(mutex_);
  if (state_ != State::kDone) return false;
  state_ = State::kIdle;
  return true;
}

}  // namespace tapiary::server
