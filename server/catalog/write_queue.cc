#include "server/catalog/write_queue.h"

namespace tapiary::server {

bool WriteQueue::Enter(WriteJob& job) {
  std::unique_lock lock(mutex_);
  waiting_.push_back(&job);
  arrived_.notify_one();
  job.changed.wait(
      lock, [&] { return job.done || (!busy_ && !waiting_.empty() && waiting_.front() == &job); });
  if (job.done) return false;
  waiting_.pop_front();
  busy_ = true;
  return true;
}

WriteJob* WriteQueue::TakeNext() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty() || !waiting_.front()->shared) return nullptr;
  WriteJob* const next = waiting_.front();
  waiting_.pop_front();
  return next;
}

WriteJob* WriteQueue::AwaitNext(const std::function<bool()>& busy,
                                std::chrono::steady_clock::time_point end) {
  {
    std::unique_lock lock(mutex_);
    arrived_.wait_until(lock, end, [&] { return !waiting_.empty() || !busy(); });
  }
  return TakeNext();
}

void WriteQueue::Poke() {
  const std::lock_guard lock(mutex_);
  arrived_.notify_one();
}

// Told under the lock: once it is let go, the job may be gone.
void WriteQueue::Finish(WriteJob& job) {
  const std::lock_guard lock(mutex_);
  job.done = true;
  job.changed.notify_one();
}

void WriteQueue::Leave() {
  const std::lock_guard lock(mutex_);
  busy_ = false;
  if (!waiting_.empty()) waiting_.front()->changed.notify_one();
}

}  // namespace tapiary::server
