// LogSync: when commits are durable, where the database's own commit does not wait for the disk.
//
// SQLite's writer commits into its log and goes on with the next transaction; whoever was promised
// that a write is durable waits here, and one of those that wait syncs the log for all of them. So
// the disk works while the next rows are inserted. Any thread. Internal to catalog/.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

#include "base/result.h"

namespace tapiary::server {

class LogSync {
 public:
  // `sync` makes durable what is in the log when it begins; one thread at a time calls it.
  explicit LogSync(std::function<base::Result<>()> sync) : sync_(std::move(sync)) {}

  // Something was committed into the log; its number, which rises. By one thread at a time.
  std::uint64_t Committed();
  // Returns when this commit is durable, or with the error that keeps it from being so: then it may
  // still stand. After a failed sync nobody knows which of the log's bytes are on the disk (the
  // kernel tells it once and forgets), so every wait fails from then on until Repair.
  base::Result<> Wait(std::uint64_t number);
  [[nodiscard]] bool broken() const;
  // `rewrite` makes durable in another way all that was committed; commits must not come meanwhile.
  base::Result<> Repair(const std::function<base::Result<>()>& rewrite);

 private:
  const std::function<base::Result<>()> sync_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::uint64_t committed_ = 0;
  std::uint64_t durable_ = 0;
  bool syncing_ = false;
  base::Result<> trouble_{};
};

}  // namespace tapiary::server
