// LogCopier: a thread that copies SQLite's log back into the database file while the writer writes.
//
// The log can begin anew only when all of it is copied, which never happens while somebody adds to
// it: so the writer does the last part itself, once this one has done nearly all (done()). Asked
// and looked at by the writer; internal to catalog/.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace tapiary::server {

class LogCopier {
 public:
  // `copy` is called on the thread of this class.
  explicit LogCopier(std::function<void()> copy);
  ~LogCopier();
  LogCopier(const LogCopier&) = delete;
  LogCopier& operator=(const LogCopier&) = delete;

  void Ask();  // nothing when it copies already
  [[nodiscard]] bool busy() const;
  void WaitUntilIdle();
  // It was asked, and has done it; true once for each time.
  bool TakeDone();

 private:
  enum class State { kIdle, kAsked, kDone, kStopping };
  void Run();

  const std::function<void()> copy_;
  mutable std::mutex mutex_;  // guards the state
  std::condition_variable changed_;
  State state_ = State::kIdle;
  std::thread thread_;
};

}  // namespace tapiary::server
