// PeerConnections: how many connections each address has, so that none takes all there are. Any
// thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace tapiary::server {

class PeerConnections {
 public:
  explicit PeerConnections(int most) : most_(most) {}  // 0: no limit
  PeerConnections(const PeerConnections&) = delete;
  PeerConnections& operator=(const PeerConnections&) = delete;

  // A connection of this address, until the result is gone, which it must be before this is; null
  // when there are as many as it may have. IPv4 counts by address, also as ::ffff:a.b.c.d, IPv6 by
  // /64: whoever has one address there has all. Shared, so that it can travel with a coroutine.
  std::shared_ptr<void> Take(const std::string& address);

 private:
  void GiveBack(const std::string& network);

  const int most_;
  std::mutex mutex_;                 // guards what is below
  std::map<std::string, int> open_;  // by PeerNetwork
};

}  // namespace tapiary::server
