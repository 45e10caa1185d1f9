// Connections to a database that several threads share, one at a time each. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tapiary::server {

// Connections that nobody uses at the moment. Any thread.
template <class Connection>
class ConnectionPool {
 public:
  base::Result<std::unique_ptr<Connection>> Take(std::int64_t wait_ns) {
    std::unique_lock lock(mutex_);
    const auto wait = std::chrono::nanoseconds(wait_ns);
    if (!free_.wait_for(lock, wait, [this] { return stopped_ || !connections_.empty(); })) {
      return base::MakeError(base::ErrorCode::kUnavailable, "catalog: all connections are busy");
    }
    if (stopped_) return StopError();
    auto connection = std::move(connections_.back());
    connections_.pop_back();
    return connection;
  }
  void GiveBack(std::unique_ptr<Connection> connection) {
    {
      const std::lock_guard lock(mutex_);
      connections_.push_back(std::move(connection));
    }
    free_.notify_one();
  }
  // Those that wait, and all that come, get StopError.
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    free_.notify_all();
  }
  static base::Error StopError() {
    return base::MakeError(base::ErrorCode::kUnavailable, "catalog: the collector is stopping");
  }

 private:
  std::mutex mutex_;
  std::condition_variable free_;
  std::vector<std::unique_ptr<Connection>> connections_;
  bool stopped_ = false;
};

}  // namespace tapiary::server
