// WriteQueue: whose turn it is to write, where a database has one writer.
//
// Work is done in the order in which it came. The thread whose turn it is may do the work of those
// that wait behind it as well, so that one commit, which is what costs time, is for all of them;
// each goes on only when its own work is done. Any thread. Internal to catalog/.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

#include "server/catalog/catalog.h"

namespace tapiary::server {

using WriteWork = std::function<base::Result<>(SqlWriter&)>;

// One call's work; lives on its thread's stack until it is done.
struct WriteJob {
  const WriteWork& work;
  const bool shared;              // may have a transaction with others
  const bool repeatable = false;  // may be done twice
  base::Result<> result{};
  std::uint64_t commit = 0;  // its number, when the result is success
  // For the queue alone.
  std::condition_variable changed{};
  bool done = false;
};

class WriteQueue {
 public:
  // Waits. True: it is the caller's turn until Leave. False: another thread did the work.
  bool Enter(WriteJob& job);
  // The next one, when it may share; nullptr when there is none. Only in the caller's turn.
  WriteJob* TakeNext();
  // The same, but waits for one as long as `busy` says so, which Poke lets it look at again, and no
  // longer than to `end`.
  WriteJob* AwaitNext(const std::function<bool()>& busy, std::chrono::steady_clock::time_point end);
  void Poke();
  // The job of another thread is done. Only in the caller's turn.
  void Finish(WriteJob& job);
  void Leave();

 private:
  std::mutex mutex_;  // guards the two below, and `done`
  std::condition_variable arrived_;
  std::deque<WriteJob*> waiting_;
  bool busy_ = false;
};

}  // namespace tapiary::server
