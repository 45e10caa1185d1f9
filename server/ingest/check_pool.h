// CheckPool: a few threads for the whole process that check blocks beside the threads that receive
// them.
//
// It takes work only while little of it waits. So one upload has help, and many at once do their
// own: none of them waits long for the blocks of others. Any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "capture/segment/segment.h"

namespace tapiary::server {

class CheckPool {
 public:
  using Work = std::function<void(capture::BlockExpander& expander)>;

  // None on a machine with one core: then it never has room.
  static int DefaultThreads();
  explicit CheckPool(int threads = DefaultThreads());
  // Ends what runs; work that still waits is not done: who gave it waits for it before.
  ~CheckPool();
  CheckPool(const CheckPool&) = delete;
  CheckPool& operator=(const CheckPool&) = delete;

  // Whether Take would take something now. The answer may be old at once.
  [[nodiscard]] bool HasRoom() const;
  // False, and nothing is done, when there is no room. Otherwise one of the threads does it soon,
  // with an expander of its own.
  bool Take(Work work);

 private:
  void Run(const std::stop_token& stop);

  const std::size_t most_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Work> waiting_;           // guarded by mutex_
  std::vector<std::jthread> threads_;  // end first
};

}  // namespace tapiary::server
